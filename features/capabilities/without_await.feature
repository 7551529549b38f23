@CAP-SYNC
Feature: Without await
  Scripts and notebooks have no event loop, or one that is busy. A session without await has one of its own, and any
  number of sessions live side by side.

  Rule: A session needs no event loop of the caller

    @unit
    Scenario: Two questions, from plain code
      Given an endpoint with an answer to "ready", "We are ready.", and one to "shop", "The shop is open."
      When a session without await asks "ready?", then "is the shop open?"
      Then it was answered
        | answer            |
        | We are ready.     |
        | The shop is open. |
      And the connection was closed with 1000

    @unit
    Scenario: Where an event loop is running already, as in a notebook
      Given an endpoint with an answer to "ready", "We are ready.", and one to "shop", "The shop is open."
      When a session without await asks "ready?", while an event loop runs
      Then it was answered
        | answer        |
        | We are ready. |

    @unit
    Scenario: The answer slice by slice
      Given the GA endpoint
      When a session without await asks the question aloud and takes the answer slice by slice
      Then the slices are the answer byte for byte

    @unit
    Scenario: A refused session fails there, too, and leaves no thread behind
      Given the GA endpoint
      And a client with a wrong key
      When a session without await tries to connect
      Then the attempt fails because the key is refused
      And no thread of a session is left

    @unit
    Scenario: A closed session says so
      Given the GA endpoint
      When a session without await is used after it was closed
      Then the attempt fails because the session is closed
      And no thread of a session is left

  Rule: Any number of sessions live side by side in one process

    @unit
    Scenario: Eight sessions in threads, each with its own answer
      Given an endpoint that repeats what it is told
      When 8 sessions without await speak at the same time
      Then each was told what it had said itself

    @unit
    Scenario: Eight sessions on one event loop, each with its own answer
      Given an endpoint that repeats what it is told
      When 8 sessions on one event loop speak at the same time
      Then each was told what it had said itself
