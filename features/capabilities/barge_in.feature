@CAP-BARGE-IN
Feature: Barging in
  When the user speaks over the answer, the rest of it is stopped, and the model's memory keeps only what the
  user has really heard.

  Rule: What was not played is taken out of the conversation

    @unit
    Scenario: An answer that is cut short while it comes is cancelled and cut where its playing stopped
      Given an endpoint that pauses after 5 slices of its answer
      And a connected client
      When the client asks the question aloud and hears 5 slices
      And the client interrupts after 320 ms were played
      And the client hears the rest
      Then the endpoint has cut the answer at 320 ms
      And the client has sent "response.cancel" once
      And the answer was cut at 320 ms
      And the endpoint has refused nothing

    @unit
    Scenario: An answer that has all come is cut without a cancellation
      Given the GA endpoint
      And a connected client
      When the client asks the question aloud
      And the client interrupts after 1,000 ms were played
      Then the endpoint has cut the answer at 1,000 ms
      And the client has sent no "response.cancel"
      And the endpoint has refused nothing

    @unit
    Scenario: No more is claimed to have been played than was received
      Given an endpoint that pauses after 2 slices of its answer
      And a connected client
      When the client asks the question aloud and hears 2 slices
      And the client interrupts after 60,000 ms were played
      And the client hears the rest
      Then the answer was cut at 200 ms
      And the endpoint has refused nothing

    @unit
    Scenario: What was received and not heard is forgotten
      Given an endpoint that pauses after 5 slices of its answer
      And a connected client
      When the client asks the question aloud and hears 1 slices
      And the client has received 5 slices of the answer
      And the client interrupts after 100 ms were played
      And the client hears the rest
      Then the first 1 slices of the answer are heard
      And the turn is over

    @unit
    Scenario: After barging in the next answer is heard whole
      Given an endpoint that pauses after 5 slices of its answer
      And a connected client
      When the client asks the question aloud and hears 5 slices
      And the client interrupts after 320 ms were played
      And the client hears the rest
      And the client asks the question aloud again
      Then the whole second answer is heard
      And the endpoint has refused nothing

  Rule: Where nothing is to be cut, nothing is sent

    @unit
    Scenario: An answer of which nothing was played is cancelled and not cut
      Given an endpoint that pauses after 2 slices of its answer
      And a connected client
      When the client asks the question aloud and hears 2 slices
      And the client interrupts after 0 ms were played
      And the client hears the rest
      Then the client has sent "response.cancel" once
      And the client has sent no "conversation.item.truncate"
      And the endpoint has refused nothing

    @unit
    Scenario: An answer that was played to its end is left alone
      Given the GA endpoint
      And a connected client
      When the client asks the question aloud
      And the client interrupts after 60,000 ms were played
      And the client hangs up
      Then the client has sent no "response.cancel"
      And the client has sent no "conversation.item.truncate"

    @unit
    Scenario: Barging in before anything was said is harmless
      Given the GA endpoint
      And a connected client
      When the client interrupts after 300 ms were played
      And the client asks the question aloud
      Then the whole answer is heard
      And the client has sent no "conversation.item.truncate"
      And the endpoint has refused nothing

    @unit
    Scenario: Barging in twice cuts once
      Given an endpoint that pauses after 5 slices of its answer
      And a connected client
      When the client asks the question aloud and hears 5 slices
      And the client interrupts after 320 ms were played
      And the client interrupts after 320 ms were played
      And the client hears the rest
      Then the answer was cut at 320 ms
      And the endpoint has refused nothing

    @unit
    Scenario: A time that is none is refused before anything is sent
      Given the GA endpoint
      And a connected client
      When the client asks the question aloud
      And the client tries to interrupt after -1 ms were played
      Then the attempt fails because a value cannot be used
      And the error says "played_ms"
      When the client hangs up
      Then the client has sent no "conversation.item.truncate"
