@AC4
Feature: Transcripts of both sides
  The words of the agent and the words of the user reach the caller beside the audio.

  Rule: The agent's words are those of its audio transcript

    @unit @migration
    Scenario: The agent's transcript is what the agent said
      Given an endpoint that answers "We open at nine in the morning, and we close at six."
      And a connected client
      When the client asks the question aloud
      Then the agent's transcript is "We open at nine in the morning, and we close at six."

    @unit
    Scenario: Streamed words are enough when the final event brings none
      Given an endpoint that answers "At nine, as always." and leaves the final transcript empty
      And a connected client
      When the client asks the question aloud
      Then the agent's transcript is "At nine, as always."

    @unit
    Scenario: The final event is enough when no words were streamed
      Given an endpoint that answers "At nine, as always." in the final transcript alone
      And a connected client
      When the client asks the question aloud
      Then the agent's transcript is "At nine, as always."

    @unit
    Scenario: The transcript under its retired name is understood, with one warning per name
      Given an endpoint that uses the retired event names
      And a connected client
      When the client asks the question aloud
      Then the agent's transcript is "We open at nine in the morning, and we close at six."
      And "response.audio_transcript.delta" was warned about once
      And "response.audio_transcript.done" was warned about once

    @unit
    Scenario: A turn without words does not repeat those of the turn before
      Given an endpoint that answers first with words, then without any
      And a connected client
      When the client asks the question aloud
      And the client asks the question aloud again
      Then there is no agent's transcript

  Rule: The user's words are those the endpoint recognised

    @unit @migration
    Scenario: The user's transcript is what the user asked
      Given the GA endpoint
      And a connected client
      When the client asks the question aloud
      Then the user's transcript is "Hello, what time do you open tomorrow?"

    @unit
    Scenario: A failed transcription leaves no words and does not end the turn
      Given an endpoint that cannot transcribe the user
      And a connected client
      When the client asks the question aloud
      Then the whole answer is heard
      And there is no user's transcript

    @unit
    Scenario: A turn that cannot be transcribed does not repeat the words of the turn before
      Given an endpoint that transcribes "Hello." and then cannot transcribe the user
      And a connected client
      When the client asks the question aloud
      Then the user's transcript is "Hello."
      When the client asks the question aloud again
      Then there is no user's transcript

    @unit
    Scenario: Words that arrive after the answer are still taken in
      Given an endpoint that transcribes the user only after its answer
      And a connected client
      When the client asks the question aloud
      Then the user's transcript is "Hello, what time do you open tomorrow?"

  Rule: The live endpoint gives the words of both sides

    @e2e
    Scenario: The live endpoint's transcripts are there for both sides
      Given the live endpoint
      And a connected client
      When the client asks the question aloud
      Then the user's transcript is close to "Hello, what time do you open tomorrow?"
      And there is an agent's transcript
