@CAP-INTEROP
Feature: Clients that nobody here wrote
  An endpoint that only ever meets our own client could share its mistakes. So published clients, unmodified
  and told nothing but the address, have to come through it whole; and the one that still speaks the beta has
  to be turned away in the vendor's own words.

  Rule: The vendor's SDK completes every kind of turn

    @integration
    Scenario: The SDK asks in text and reads the answer
      Given the GA endpoint
      When the vendor's SDK has a text turn
      Then the guest was given the words of the answer
      And the endpoint has sent, a run of deltas named once
        | event                         |
        | session.created               |
        | session.updated               |
        | conversation.item.added       |
        | conversation.item.done        |
        | response.created              |
        | response.output_item.added    |
        | conversation.item.added       |
        | response.content_part.added   |
        | response.output_text.delta    |
        | response.output_text.done     |
        | response.content_part.done    |
        | conversation.item.done        |
        | response.output_item.done     |
        | response.done                 |
      And the endpoint has refused nothing

    @integration
    Scenario: The SDK asks aloud and hears the answer
      Given the GA endpoint
      When the vendor's SDK has an audio turn
      Then the guest was given the words of the answer
      And the guest was given its audio byte for byte
      And the endpoint has heard the question byte for byte
      And the endpoint has sent, a run of deltas named once
        | event                                                 |
        | session.created                                       |
        | session.updated                                       |
        | input_audio_buffer.committed                          |
        | conversation.item.added                               |
        | conversation.item.done                                |
        | conversation.item.input_audio_transcription.delta     |
        | conversation.item.input_audio_transcription.completed |
        | response.created                                      |
        | response.output_item.added                            |
        | conversation.item.added                               |
        | response.content_part.added                           |
        | response.output_audio_transcript.delta                |
        | response.output_audio.delta                           |
        | response.output_audio.done                            |
        | response.output_audio_transcript.done                 |
        | response.content_part.done                            |
        | conversation.item.done                                |
        | response.output_item.done                             |
        | response.done                                         |
      And the endpoint has refused nothing

    @integration
    Scenario: The SDK is asked to call a tool, hands in the result and hears the answer
      Given an endpoint that asks for the opening hours of Monday before it answers
      When the vendor's SDK calls a tool
      Then the guest was asked to call "opening_hours" with the day "Monday"
      And the guest was given the words of the answer
      And the guest was given its audio byte for byte
      And the endpoint was given the result "from nine to six"
      And the endpoint has sent, a run of deltas named once
        | event                                  |
        | session.created                        |
        | session.updated                        |
        | conversation.item.added                |
        | conversation.item.done                 |
        | response.created                       |
        | response.output_item.added             |
        | conversation.item.added                |
        | response.function_call_arguments.delta |
        | response.function_call_arguments.done  |
        | conversation.item.done                 |
        | response.output_item.done              |
        | response.done                          |
        | rate_limits.updated                    |
        | conversation.item.added                |
        | conversation.item.done                 |
        | response.created                       |
        | response.output_item.added             |
        | conversation.item.added                |
        | response.content_part.added            |
        | response.output_audio_transcript.delta |
        | response.output_audio.delta            |
        | response.output_audio.done             |
        | response.output_audio_transcript.done  |
        | response.content_part.done             |
        | conversation.item.done                 |
        | response.output_item.done              |
        | response.done                          |
      And the endpoint has refused nothing

    @integration
    Scenario: The SDK stops an answer in progress
      Given an endpoint that pauses after 2 slices of its answer
      When the vendor's SDK cancels its turn
      Then the guest has seen its response end as "cancelled" because of "client_cancelled"
      And the response was cancelled by the client
      And the endpoint has refused nothing

  Rule: What the same package still offers of the beta is turned away

    @integration
    Scenario: The SDK's beta client is told that the beta is over
      Given the GA endpoint
      When the vendor's SDK connects as of the beta
      Then the guest has received one error and nothing else
        | field   | value                                                                                 |
        | type    | invalid_request_error                                                                 |
        | code    | beta_api_shape_disabled                                                               |
        | message | The Realtime Beta API is no longer supported. Please use /v1/realtime for the GA API. |
      And the guest has been closed with 4000 "invalid_request_error.beta_api_shape_disabled"

  Rule: The vendor's agents framework completes a conversation

    @integration
    Scenario: The framework speaks, falls silent and hears the answer
      Given the GA endpoint
      When the vendor's agents framework has an audio turn
      Then the guest was given the words of the answer
      And the guest was given its audio byte for byte
      # The framework configures its session again whenever it sees fit, so only the turn is told.
      And the endpoint has sent, of these events, exactly
        | event                             |
        | session.created                   |
        | input_audio_buffer.speech_started |
        | input_audio_buffer.speech_stopped |
        | input_audio_buffer.committed      |
        | response.created                  |
        | response.output_item.added        |
        | response.output_item.done         |
        | response.done                     |
      And the endpoint has refused nothing

    @integration
    Scenario: The framework runs the tool it is asked for and hears the answer
      Given an endpoint that asks for the opening hours of Monday before it answers
      When the vendor's agents framework calls a tool
      Then the guest was asked to call "opening_hours" with the day "Monday"
      And the guest was given the words of the answer
      And the guest was given its audio byte for byte
      And the endpoint was given the result "from nine to six"
      And the endpoint has refused nothing
