@AC3
Feature: Receiving the spoken answer
  What the endpoint says is what the caller hears, sample for sample, under the GA event names.

  Rule: The caller hears the answer whole and unchanged

    @unit @guard @migration
    Scenario: The spoken answer is heard byte for byte
      Given the GA endpoint
      And a connected client
      When the client asks the question aloud
      Then the whole answer is heard
      And nothing was warned about

    @unit
    Scenario Outline: An answer sent in slices of <bytes> bytes is heard byte for byte
      Given an endpoint that answers in slices of <bytes> bytes
      And a connected client
      When the client asks the question aloud
      Then the whole answer is heard

      Examples: even, odd, and alternating
        | bytes     |
        | 4,800     |
        | 4,801     |
        | 333       |
        | 1, 3, 999 |

    @unit
    Scenario: A pause inside the answer does not end it
      Given an endpoint that pauses after 3 slices of its answer
      And a connected client
      When the client asks the question aloud and hears 3 slices
      And the endpoint goes on
      And the client hears the rest
      Then the whole answer is heard

    @unit
    Scenario: Silence between two slices does not end the turn
      Given an endpoint that is silent for 800 ms after 2 slices of its answer
      And a connected client
      When the client asks the question aloud
      Then the whole answer is heard

    @unit
    Scenario: An answer of thirty seconds is heard to its end
      Given an endpoint that answers with 30 seconds of tone
      And a connected client
      When the client asks the question aloud
      Then the whole answer is heard

    @unit
    Scenario: Events and fields that nobody has announced yet are harmless
      Given an endpoint that also sends unknown events and fields
      And a connected client
      When the client asks the question aloud
      Then the whole answer is heard

    @unit
    Scenario: The next answer holds nothing of the one before
      Given an endpoint that answers first with speech, then with 2 seconds of tone
      And a connected client
      When the client asks the question aloud
      And the client asks the question aloud again
      Then the whole second answer is heard

  Rule: The retired event name is still understood, and complained about once

    @unit @migration
    Scenario: Audio under its retired name is heard, with one warning
      Given an endpoint that uses the retired event names
      And a connected client
      When the client asks the question aloud
      Then the whole answer is heard
      And "response.audio.delta" was warned about once

    @unit
    Scenario: Another client warns again
      Given an endpoint that uses the retired event names
      And a connected client
      When the client asks the question aloud
      And another client connects and asks the question aloud
      Then the whole answer is heard
      And "response.audio.delta" was warned about 2 times

  Rule: An answer that does not come whole is never taken for one

    @unit
    Scenario: A failed response is an error at once
      Given an endpoint whose response fails with "server_error"
      And a connected client
      When the client tries to hear an answer
      Then the attempt fails because the response failed
      And the error carries the code "server_error"

    @unit
    Scenario: A response that the endpoint cancels is never taken for an answer
      Given an endpoint that cancels its response by itself
      And a connected client
      When the client tries to hear an answer
      Then the attempt fails because the response was cancelled
      And the error says "turn_detected"

    @unit
    Scenario: An error in place of an answer reaches the caller
      Given an endpoint that answers with the error "server_error"
      And a connected client
      When the client tries to hear an answer
      Then the attempt fails because the endpoint reports an error
      And the error carries the code "server_error"

    @unit
    Scenario Outline: A response cut short by <reason> keeps its audio and says so
      Given an endpoint whose response is incomplete because of <reason>
      And a connected client
      When the client tries to hear an answer
      Then the attempt fails because the response is incomplete
      And the error says "<reason>"
      And the whole answer is heard

      Examples:
        | reason            |
        | max_output_tokens |
        | content_filter    |

    @unit
    Scenario Outline: A connection lost by <loss> keeps the audio and says who ended it
      Given an endpoint that is lost by <loss> after 3 slices of its answer
      And a connected client
      When the client asks the question aloud and hears 3 slices
      And the endpoint goes on
      And the client tries to hear the rest
      Then the attempt fails because the connection was lost
      And the error says "<named>"
      And the first 3 slices of the answer are heard

      Examples:
        | loss                 | named |
        | a close with 1011    | 1011  |
        | a reset              | 1006  |
        | an end without close | 1006  |

    @unit
    Scenario: A deadline names what was awaited and what was seen last
      Given an endpoint that pauses after 0 slices of its answer
      And a connected client
      When the client tries to hear an answer within 500 ms
      Then the attempt fails because the deadline passed
      And the error says "response.output_audio.delta"
      And the error says "response.created"

  Rule: The live endpoint is heard

    @e2e
    Scenario: The live endpoint's answer is audible and under its GA name
      Given the live endpoint
      And a connected client
      When the client asks the question aloud
      Then an audible answer is heard
      And the answer lasts from 300 ms to 60 s
      And the endpoint has used no retired event name
