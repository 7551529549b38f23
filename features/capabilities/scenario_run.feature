@CAP-SCENARIO
Feature: In place of langwatch-scenario's own agent
  Who tests with langwatch-scenario swaps the agent by changing one import. A scripted run, prerecorded speech and no
  other model, must then succeed on the embedded endpoint: everything said arrives, and so does everything answered.

  Rule: A scripted run with this client as its agent succeeds

    @integration
    Scenario: The user asks aloud, and the run holds the answer
      Given the GA endpoint
      When langwatch-scenario runs one turn
      Then the run has succeeded
      And the run's messages hold the words of 1 answer
      And the run's messages hold the audio of 1 answer, byte for byte
      And the endpoint has heard the question byte for byte
      And the client has sent exactly, a run of appends named once
        | event                     |
        | session.update            |
        | input_audio_buffer.append |
        | input_audio_buffer.commit |
        | response.create           |
      And the endpoint has refused nothing

    @integration
    Scenario: Two turns in one run do not mix
      Given the GA endpoint
      When langwatch-scenario runs two turns
      Then the run has succeeded
      And the run's messages hold the words of 2 answers
      And the run's messages hold the audio of 2 answers, byte for byte
      And the endpoint has refused nothing

    @integration
    Scenario: A pause of the endpoint does not end the answer
      Given an endpoint with the fault "stall ms=900 after=2"
      When langwatch-scenario runs one turn
      Then the run has succeeded
      And the run's messages hold the audio of 1 answer, byte for byte
      And the fault has struck

    @integration
    Scenario: A function the model calls is a message of the run
      Given an endpoint that asks for the opening hours of Monday before it answers
      When langwatch-scenario runs a turn with a tool
      Then the run has succeeded
      And the guest was asked to call "opening_hours" with the day "Monday"
      And the endpoint has refused nothing

    @integration
    Scenario: Both sides are voiced by this client
      Given the GA endpoint
      When langwatch-scenario runs a conversation in which the user is voiced, too
      Then the run has succeeded
      And the run's messages hold the words of 3 answers
      And each side has heard the other, byte for byte
      And the endpoint has refused nothing

    @integration
    Scenario: The agent speaks first
      Given the GA endpoint
      When langwatch-scenario runs a turn of the agent before the user's
      Then the run has succeeded
      And the run's messages hold the words of 2 answers
      And the client has sent exactly, a run of appends named once
        | event                     |
        | session.update            |
        | response.create           |
        | input_audio_buffer.append |
        | input_audio_buffer.commit |
        | response.create           |
      And the endpoint has refused nothing
