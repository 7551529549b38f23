@CAP-WIRE-LOG
Feature: A log of the wire
  What went over the wire can be kept as lines of JSON: numbered, so that a trace can point at them, with neither a
  secret nor audio in them.

  Rule: Each frame is a line, in order

    @unit
    Scenario: A whole turn
      Given the GA endpoint
      And a client that logs the wire
      When the client asks the question aloud in 2 slices
      And the client hangs up
      Then the log's lines are numbered without a gap
      And the log says, a run of lines alike named once
        | direction | kind    | event                                                 |
        | client    | request |                                                       |
        | server    | upgrade |                                                       |
        | server    | text    | session.created                                       |
        | client    | text    | session.update                                        |
        | server    | text    | session.updated                                       |
        | client    | text    | input_audio_buffer.append                             |
        | client    | text    | input_audio_buffer.commit                             |
        | client    | text    | response.create                                       |
        | server    | text    | input_audio_buffer.committed                          |
        | server    | text    | conversation.item.added                               |
        | server    | text    | conversation.item.done                                |
        | server    | text    | conversation.item.input_audio_transcription.delta     |
        | server    | text    | conversation.item.input_audio_transcription.completed |
        | server    | text    | response.created                                      |
      And the log ends with the close 1000 of both sides

    @unit
    Scenario: A second connection is counted anew
      Given the GA endpoint
      And a client that logs the wire
      When the client connects anew
      And the client hangs up
      Then the log holds 2 connections, each numbered from 1

  Rule: Neither a secret nor audio is in it

    @unit
    Scenario: The key, a client secret and audio stay out
      Given the GA endpoint
      And a gateway in front of it
      And a client that buys client secrets from the gateway
      And a client that logs the wire
      When the client asks the question aloud
      And the client hangs up
      Then nothing in the log is a key, a client secret or audio

    @unit
    Scenario: A secret in something that is said stays out as well
      Given the GA endpoint
      And a client that logs the wire
      When the client says "my key is sk-proj-abcdefghijkl0123456789, and Bearer ek_abcdefghijkl0123456789 too" in text
      And the client hears the answer
      And the client hangs up
      Then "abcdefghijkl" is nowhere in the log
