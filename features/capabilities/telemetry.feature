@CAP-TELEMETRY
Feature: Traces
  A session is a span of OpenTelemetry, each answer a span inside it, named as the semantic conventions for
  generative AI have it. Each mark in a trace carries the number of its frame in the log of the wire.

  Rule: A session is a span, and each answer a span inside it

    @integration
    Scenario: Two answers in one session
      Given the GA endpoint
      And a client that is traced
      When the client asks the question aloud
      And the client asks the question aloud again
      And the client hangs up
      Then the trace holds exactly
        | span                                   | inside                                 | ended as |
        | chat gpt-realtime-2.1-mini             | realtime_session gpt-realtime-2.1-mini | fine     |
        | chat gpt-realtime-2.1-mini             | realtime_session gpt-realtime-2.1-mini | fine     |
        | realtime_session gpt-realtime-2.1-mini |                                        | fine     |

    @integration
    Scenario: What an answer's span says, in the words of the conventions
      Given the GA endpoint
      And a client that is traced
      When the client asks the question aloud
      And the client hangs up
      Then the answer's span says
        | attribute                           | value                 |
        | gen_ai.operation.name               | chat                  |
        | gen_ai.provider.name                | openai                |
        | gen_ai.request.model                | gpt-realtime-2.1-mini |
        | gen_ai.output.type                  | speech                |
        | gen_ai.response.finish_reasons      | ('stop',)             |
        | gen_ai.usage.input_tokens           | 46                    |
        | gen_ai.usage.output_tokens          | 84                    |
        | gen_ai.usage.cache_read.input_tokens | 0                    |
        | server.address                      | 127.0.0.1             |
      And the answer's span has the id that the endpoint gave the response

    @integration
    Scenario: An answer that fails is an error in the trace
      Given an endpoint with the fault "failed code=server_error slices=0"
      And a client that is traced
      When the client tries to hear an answer
      Then the attempt fails because the response failed
      When the client hangs up
      Then the trace holds exactly
        | span                                   | inside                                 | ended as     |
        | chat gpt-realtime-2.1-mini             | realtime_session gpt-realtime-2.1-mini | server_error |
        | realtime_session gpt-realtime-2.1-mini |                                        | fine         |

    @integration
    Scenario: A connection that is lost ends every span, with its close code
      Given an endpoint with the fault "close code=1011 after=3"
      And a client that is traced
      When the client tries to hear an answer
      Then the attempt fails because the connection was lost
      And the trace holds exactly
        | span                                   | inside                                 | ended as        |
        | chat gpt-realtime-2.1-mini             | realtime_session gpt-realtime-2.1-mini | connection_lost |
        | realtime_session gpt-realtime-2.1-mini |                                        | 1011            |

  Rule: Each mark in a trace leads to its frame

    @integration
    Scenario: The numbers are those of the log of the wire
      Given the GA endpoint
      And a client that is traced
      When the client asks the question aloud
      And the client hangs up
      Then these marks lead to the frame they are named after
        | mark                                                  |
        | session.created                                       |
        | session.updated                                       |
        | input_audio_buffer.committed                          |
        | conversation.item.input_audio_transcription.completed |
        | response.created                                      |
        | response.done                                         |
      And the mark "first_audio" leads to the first "response.output_audio.delta"

  Rule: Nothing that was said is in a trace

    @integration
    Scenario: Neither words nor keys
      Given an endpoint that answers "The password is swordfish."
      And a client that is traced
      When the client asks the question aloud
      And the client hangs up
      Then neither what was said nor a key is in the trace
