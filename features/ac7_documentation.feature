@AC7
Feature: Documentation of the GA protocol
  Whoever opens the adapter's module reads the protocol it speaks, not the one it left behind.

  Rule: The module's documentation describes GA and only GA

    @unit @guard @migration
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

  Rule: Documentation that goes back to the beta is caught

    @unit
    Scenario Outline: A module that <regression> turns the guard red
      Given the guard of AC7
      When the guard runs against a client that <regression>
      Then the guard is red at "<step>"
      And the guard gives as reason "<term>"

      Examples:
        | regression                                | step             | term                             |
        | documents the beta header again           | it does not name | OpenAI-Beta                      |
        | documents the beta event name             | it names         | response.output_audio.delta      |
        | documents both event names                | it does not name | response.audio.delta             |
        | no longer documents the GA endpoint       | it names         | wss://api.openai.com/v1/realtime |
        | is no longer documented                   | it names         | wss://api.openai.com/v1/realtime |
