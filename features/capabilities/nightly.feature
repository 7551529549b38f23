@CAP-NIGHT
Feature: The night
  Once a night the live endpoint is asked. What it proved is recorded and counted, what it did not prove is named.
  The night itself is rehearsed against the embedded endpoint, run as a process of its own: as it goes well, and
  as it goes wrong.

  Rule: Beyond the criteria, too, the live endpoint does its part

    @e2e
    Scenario: The live endpoint calls a tool and speaks about what it returned
      Given the live endpoint
      And a client with the instructions "Call opening_hours once, before you answer. Then answer in one sentence."
      And a client that offers the tool "opening_hours"
      And a connected client
      When the client asks the question aloud
      Then the client is asked to call "opening_hours"
      When the client returns "from nine to six" from the tool
      And the client hears the answer
      Then an audible answer is heard
      And the endpoint has refused nothing

    @e2e
    Scenario: The live endpoint forgets what the user did not hear
      Given the live endpoint
      And a client with the instructions "Answer at great length, with every detail you can think of."
      And a connected client
      When the client asks the question aloud and hears 3 slices
      And the client interrupts after 100 ms were played
      And the client hears the rest
      Then the endpoint has cut the answer at 100 ms
      And the endpoint has refused nothing

  Rule: A night proves what was asked, and is live only where the vendor answers

    @integration
    Scenario: A night at the embedded endpoint proves every criterion, and nothing live
      Given the embedded endpoint in a process of its own
      When the night is run
      Then the night is green
      And each criterion that can be asked live is proven
      And its recordings are marked "embedded"
      And its cost is told, scenario by scenario
      And the ledger does not take it
      And the key stands in nothing that it left

    @integration
    Scenario: Of a night at the vendor's endpoint the ledger takes what was proven whole
      Given the embedded endpoint in a process of its own
      And a night that was run for AC4
      And its recordings are taken for the vendor's
      When the night is entered into the ledger
      Then the ledger holds AC4 alone, with its commit, its model and its cost

    @integration
    Scenario Outline: A model that words things differently is none the worse: seed <seed>
      Given the embedded endpoint in a process of its own, started with "--worded <seed>"
      When the night is run
      Then the night is green

      Examples:
        | seed |
        | 7    |

    @integration
    Scenario: A slow night is a night
      Given the embedded endpoint in a process of its own, started with "--fault 'stall ms=1500 after=2'"
      When the night is run for AC4
      Then the night is green

    @integration
    Scenario: A night that is cut in the middle keeps what it has proven
      Given an endpoint in a process of its own that answers once and then no more
      When the night is cut after AC2
      Then AC1 and AC2 stay proven
      And AC3 and AC5 are not proven

  Rule: A key that opens nothing proves nothing, and the night says why

    @integration
    Scenario Outline: A night with <key> is red, because <why>
      Given the embedded endpoint in a process of its own
      When the night is run for AC3 with the key "<key>"
      Then the night is red, saying "<why>"
      And AC3 is not proven
      And nothing was begun a second time

      Examples:
        | key           | why                |
        | wrong-key     | invalid_api_key    |
        | expired-key   | invalid_api_key    |
        | no-credit-key | insufficient_quota |

    @integration
    Scenario: Without a key nothing is asked
      When the night is run without a key
      Then the night is red, saying "OPENAI_API_KEY is not set"

    @integration
    Scenario: A key that was copied with its line break is not sent
      Given the embedded endpoint in a process of its own
      When the night is run with a key that holds a line break
      Then the night is red, saying "the key in the environment holds a line break"

  Rule: Only what the infrastructure did is tried again, once

    @integration
    Scenario: A rate limit inside a response is tried again, and shown
      Given an endpoint in a process of its own whose first response fails with "rate_limit_exceeded"
      When the night is run for AC3
      Then the night is green
      And one scenario was begun a second time because of "rate_limit_exceeded"

    @integration
    Scenario: A lost connection that is lost again is red
      Given the embedded endpoint in a process of its own, started with "--fault 'reset after=2'"
      When the night is run for AC3
      Then the night is red, saying "1006"
      And one scenario was begun a second time because of "1006"

    @integration
    Scenario: A wrong answer is not tried again
      Given an endpoint in a process of its own that answers without a sound
      When the night is run for AC3
      Then the night is red, saying "speech lies above"
      And nothing was begun a second time

  Rule: A night costs no more than it may

    @integration
    Scenario: What the budget might not reach for stays unproven, and the night says so
      Given the embedded endpoint in a process of its own
      When the night is run for AC5 with a budget that reaches for its dearest scenario alone
      Then the night is red, saying "left out"
      And it has cost something, and no more than its budget

  Rule: An endpoint that has begun to speak otherwise is noticed

    @integration
    Scenario: Drift of each kind is named with the frame that shows it
      Given the embedded endpoint in a process of its own, that deviates
        | deviation        | seen                                                                          |
        | new-field        | session.created.session(realtime).service_tier is a new field                 |
        | missing-field    | conversation.item.added.previous_item_id is missing                           |
        | retyped-field    | session.created.session(realtime).expires_at is now a text                    |
        | new-event        | conversation.created is a new event                                           |
        | other-order      | response.output_audio_transcript.done comes before response.output_audio.done |
        | other-error-text | error invalid_api_key says «Something is wrong with your request.»            |
      When the night is run for AC1
      Then the night is green
      And it has seen each drift, with the frame, and says so with an exit code of its own

  Rule: What was recorded can be asked again

    @integration
    Scenario: What a night recorded replays green, and needs neither key nor endpoint
      Given the embedded endpoint in a process of its own
      And a night that was run for AC5
      When its recordings are replayed for AC5
      Then the night is green
      And AC5 is proven

    @integration
    Scenario Outline: One field renamed by hand in what the <sender> sent is named
      Given the embedded endpoint in a process of its own
      And a night that was run for AC4
      And a field of its recordings that is renamed by hand
        | sender   | event   | field   | name   |
        | <sender> | <event> | <field> | <name> |
      When its recordings are replayed for AC4
      Then the night is red, saying "<name>"

      Examples:
        | sender | event           | field      | name    |
        | client | session.update  | voice      | voices  |
        | server | session.created | expires_at | ends_at |

  Rule: Other endpoints differ by what a table says of them

    @integration
    Scenario: An endpoint that wants its key in api-key and answers a wrong one with HTTP 401
      Given the embedded endpoint in a process of its own, started with "--deviate azure"
      When the night is run for AC1 in the dialect "azure"
      Then the night is green
