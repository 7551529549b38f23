@CAP-MODELS
Feature: Models that end by date
  A vendor shuts its models down, and says so months before. Whoever uses one of them is told in time what to
  use instead; after the end, the refusal is not a riddle.

  Rule: Whoever names no model gets one that nobody has announced the end of

    @unit
    Scenario: The models a client uses by itself have no announced end
      Given the GA endpoint
      When the client connects
      Then the session's model and its transcription model have no announced end

    @unit
    Scenario: A client that names no model warns of nothing, on any day
      Given the GA endpoint
      And the day is 2030-01-01
      When the client connects
      Then nothing was warned about

  Rule: A model that ends within 90 days is warned about once, with its replacement

    @unit
    Scenario Outline: On <day> a client for <model> is told when it ends
      Given the GA endpoint
      And the day is <day>
      And a client whose <setting> is "<model>"
      When the client connects
      And the client connects anew
      Then "<model> will be shut down on <end>" was warned about once
      And "Use <replacement> instead." was warned about once

      Examples:
        | day        | setting             | model                        | end        | replacement           |
        | 2026-10-22 | model               | gpt-realtime                 | 2027-01-20 | gpt-realtime-2.1      |
        | 2026-11-25 | model               | gpt-realtime-mini            | 2027-01-20 | gpt-realtime-2.1-mini |
        | 2026-11-25 | model               | gpt-realtime-mini-2025-12-15 | 2027-01-20 | gpt-realtime-2.1-mini |
        | 2027-02-25 | transcription model | gpt-4o-transcribe            | 2027-02-26 | gpt-transcribe        |

    @unit
    Scenario Outline: On <day> a client for gpt-realtime-mini is told nothing yet
      Given the GA endpoint
      And the day is <day>
      And a client whose model is "gpt-realtime-mini"
      When the client connects
      Then nothing was warned about

      Examples:
        | day        |
        | 2026-06-04 |
        | 2026-10-21 |

  Rule: After its end, the refusal of a model says that it has ended

    @unit
    Scenario: The endpoint no longer has the model
      Given an endpoint with the fault "close code=4004 reason=invalid_request_error.model_not_found on=session.created"
      And the day is 2027-01-20
      And a client whose model is "gpt-realtime-mini"
      When the client tries to connect
      Then the attempt fails because the model is unknown
      And the error says "The model gpt-realtime-mini was shut down on 2027-01-20. Use gpt-realtime-2.1-mini instead."

    @unit
    Scenario: A model that is refused before its end is not said to have ended
      Given an endpoint with the fault "close code=4004 reason=invalid_request_error.model_not_found on=session.created"
      And the day is 2027-01-19
      And a client whose model is "gpt-realtime-mini"
      When the client tries to connect
      Then the attempt fails because the model is unknown
      And the error does not say "shut down"

    @unit
    Scenario: An end that was put off is no obstacle
      Given the GA endpoint
      And the day is 2027-01-21
      And a client whose model is "gpt-realtime-mini"
      When the client connects
      Then "gpt-realtime-mini was shut down on 2027-01-20" was warned about once
      And the handshake is accepted
