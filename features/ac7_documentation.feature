@AC7
Feature: Documentation of the GA protocol
  Whoever opens the adapter's module reads the protocol it speaks, not the one it left behind.

  Rule: The module's documentation describes GA and only GA

    @unit
    Scenario: The documentation names the endpoint, the header and the events of GA
      When the adapter's module documentation is read
      Then it names
        | term                                                   |
        | wss://api.openai.com/v1/realtime                       |
        | Authorization: Bearer                                  |
        | session.update                                         |
        | response.output_audio.delta                            |
        | response.output_audio_transcript.delta                 |
        | response.output_audio_transcript.done                  |
        | conversation.item.input_audio_transcription.completed  |
      And it does not name
        | term                            |
        | OpenAI-Beta                     |
        | realtime=v1                     |
        | response.audio.delta            |
        | response.audio_transcript.delta |

    @unit
    Scenario: Every event that the documentation names is one the endpoint knows
      When the adapter's module documentation is read
      Then it names at least 6 events
      And every event it names belongs to the GA protocol

    @unit
    Scenario Outline: Documentation that <regression> is caught
      When the adapter's module documentation is read
      And the documentation <regression>
      Then it is caught for "<term>"

      Examples:
        | regression                          | term                             |
        | mentions the beta header again      | OpenAI-Beta                      |
        | goes back to the beta event name    | response.audio.delta             |
        | no longer names the GA endpoint     | wss://api.openai.com/v1/realtime |
