@CAP-OUT-OF-BAND
Feature: Responses beside the conversation
  The model can be asked for something that the conversation neither sees nor waits for: a summary, a
  classification, a check.

  Rule: A response beside the conversation is given to who asked for it

    @unit
    Scenario: A response beside the conversation is given in words
      Given an endpoint that answers "At nine, as always."
      And a connected client
      When the client asks beside the conversation
      Then it is answered "At nine, as always."
      And the endpoint has refused nothing

    @unit
    Scenario: The answer in progress is heard whole all the same
      Given an endpoint that pauses, and then answers beside the conversation
      And a connected client
      When the client asks the question aloud and hears 2 slices
      And the client asks beside the conversation
      And the endpoint goes on
      And the client hears the rest
      Then it is answered "A question about the hours."
      And the whole answer is heard
      And the endpoint has refused nothing

    @unit
    Scenario: Several at once are told apart
      Given an endpoint that answers in turn "One.", "Two.", "Three."
      And a connected client
      When the client asks 3 times at once beside the conversation
      Then they are answered "One.", "Two.", "Three.", each its own
      And the endpoint has refused nothing

    @unit
    Scenario: A response beside the conversation carries what it is told to
      Given the GA endpoint
      And a connected client
      When the client asks beside the conversation, about "Is there tea?" alone
      Then the client has asked about "Is there tea?" alone, marked as "check"

  Rule: One that comes to no good end is an error of its own, and no other's

    @unit
    Scenario: A failure beside the conversation is told to who asked for it
      Given an endpoint that fails beside the conversation
      And a connected client
      When the client tries to ask beside the conversation
      Then the attempt fails because the response failed
      When the client asks the question aloud
      Then the whole second answer is heard in its first turn

    @unit
    Scenario: The end of the connection is told to who waits
      Given an endpoint that is lost beside the conversation
      And a connected client
      When the client tries to ask beside the conversation
      Then the attempt fails because the connection was lost
