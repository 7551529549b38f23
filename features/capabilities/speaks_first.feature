@CAP-SPEAKS-FIRST
Feature: The agent speaks first
  An agent can open the conversation, and can be told at any time that it is its turn. It is asked for one
  response, with no words put into its mouth.

  Rule: An agent that is to speak first is asked once

    @unit
    Scenario: The agent opens the conversation
      Given the GA endpoint
      And a client that speaks first
      And a connected client
      When the client hears the answer
      And the client hangs up
      Then the whole answer is heard
      And the client has sent exactly
        | event           |
        | session.update  |
        | response.create |
      And nothing was put into the agent's mouth

    @unit
    Scenario: After its opening the agent waits for the user
      Given the GA endpoint
      And a client that speaks first
      And a connected client
      When the client hears the answer
      And the client asks the question aloud again
      Then the whole second answer is heard
      And the client has sent "response.create" 2 times
      And the endpoint has refused nothing

    @unit
    Scenario: A user who speaks first is answered once
      Given the GA endpoint
      And a client that speaks first
      And a connected client
      When the client asks the question aloud
      Then the whole answer is heard
      And the client has sent "response.create" once

    @unit
    Scenario: An agent that is told that it is its turn speaks again
      Given the GA endpoint
      And a connected client
      When the client asks the question aloud
      And it is the agent's turn
      And the client hears the answer
      Then the whole second answer is heard
      And the client has sent "response.create" 2 times
      And the endpoint has refused nothing

    @unit
    Scenario: Who speaks for the user is given no turn of the agent
      Given the GA endpoint
      And a connected client in the role of the user
      When the client says "When do you open?" in text
      And the client hears the answer
      And it is the agent's turn
      And the client hears the answer
      Then the client has sent "response.create" once

    @unit
    Scenario: Asking for more after the end of a turn gives its end at once
      Given the GA endpoint
      And a connected client
      When the client asks the question aloud
      And the client hears the answer
      Then the turn has ended without audio
      And the client has sent "response.create" once

  Rule: The words come with the audio

    @unit
    Scenario: The end of a turn carries its words
      Given the GA endpoint
      And a connected client
      When the client asks the question aloud and keeps the end of the answer
      Then the end carries the words "We open at nine in the morning, and we close at six."

    @unit
    Scenario: The end of a turn without words carries none of the turn before
      Given an endpoint that answers first with words, then without any
      And a connected client
      When the client asks the question aloud
      And the client asks the question aloud and keeps the end of the answer
      Then the end carries no words
