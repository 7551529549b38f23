@CAP-BOUNDS
Feature: Held within bounds
  A connection costs what it must and no more, however fast the endpoint speaks and however slowly the caller
  listens, and it ends when it is to end.

  Rule: Nothing grows without bound, and nothing is lost

    @unit
    Scenario: An answer that nobody takes makes the endpoint wait
      Given an endpoint that answers with 60 seconds of tone
      And a client that holds at most 100,000 bytes
      And a connected client
      When the client asks the question aloud and hears 1 slices
      And what comes is left to come
      Then the client holds more than 100,000 bytes, and at most 400,000
      When the client hears the rest
      Then the whole answer is heard
      And the endpoint has refused nothing

    @unit
    Scenario: Events that nobody takes make the endpoint wait, and the caller is told why
      Given an endpoint that answers with 60 seconds of tone
      And a client that holds at most 100,000 bytes
      And a connected client
      And a reader who takes no events
      When the client tries to hear an answer within 300 ms
      Then the attempt fails because the deadline passed
      And the error says "events()"
      When the reader lets go
      And the client hears the rest
      Then the whole answer is heard

    @unit
    Scenario: A turn that is taken whole may be longer than what is held
      Given an endpoint that answers with 60 seconds of tone
      And a client that holds at most 100,000 bytes
      And a connected client
      When the client speaks the question and takes the whole turn
      Then the turn holds the whole answer

    @unit
    Scenario: Nothing is held that was not asked to be
      Given an endpoint that answers with 60 seconds of tone
      And a client that holds at most 0 bytes, which is refused
      Then the attempt fails because a value cannot be used
      And the error says "max_backlog_bytes"

  Rule: A call that is given up costs nothing

    @unit
    Scenario: Who gives up waiting for a slice loses none
      Given an endpoint that pauses after 2 slices of its answer
      And a connected client
      When the client asks the question aloud and hears 2 slices
      And the client gives up waiting after 50 ms
      And the endpoint goes on
      And the client hears the rest
      Then the whole answer is heard

  Rule: Many sessions live side by side

    @unit
    Scenario: Five clients of one process are each answered whole
      Given the GA endpoint
      When 5 clients ask the question at once
      Then each is answered whole

  Rule: A line that is dead is noticed where that is wanted

    @unit
    Scenario: An endpoint that gives no sign of life is given up
      Given an endpoint that pauses after 2 slices of its answer and gives no sign of life
      And a client that wants a sign of life every 100 ms
      And a connected client
      When the client asks the question aloud and hears 2 slices
      And the client tries to hear the rest
      Then the attempt fails because the connection was lost
      And the error says "1011"
      And the first 2 slices of the answer are heard

    @unit
    Scenario: An endpoint that gives signs of life is waited for
      Given an endpoint that is silent for 800 ms after 2 slices of its answer
      And a client that wants a sign of life every 100 ms
      And a connected client
      When the client asks the question aloud
      Then the whole answer is heard

  Rule: Hanging up takes less than a second, whatever lies unread

    @unit
    Scenario: Hanging up in the middle of a long answer that was not read
      Given an endpoint that answers with 60 seconds of tone
      And a client that holds at most 100,000 bytes
      And a connected client
      When the client asks the question aloud and hears 1 slices
      And what comes is left to come
      Then the client hangs up in less than a second
