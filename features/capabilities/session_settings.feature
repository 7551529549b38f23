@CAP-SESSION
Feature: The settings of the session
  Every setting that the endpoint has can be asked for by its name. What cannot be used is refused by the client
  itself, with the name of the setting, before anything is sent; what was asked for is in force or the client
  says that it is not.

  Rule: Every setting can be asked for when connecting

    @unit
    Scenario Outline: <setting> is in force as it was asked for
      Given the GA endpoint
      And a client that asks for <setting>
      When the client connects
      Then the session in force is as it was asked for
      And the endpoint has refused nothing

      Examples:
        | setting                                 |
        | turns taken by silence                  |
        | turns taken by what is said             |
        | noise of a near microphone taken out    |
        | transcription in Dutch                  |
        | transcription with words to expect      |
        | no transcription                        |
        | answers in writing                      |
        | speech at 1.2 times the speed           |
        | at most 200 tokens in an answer         |
        | answers of any length                   |
        | half of a long conversation kept        |
        | no part of a long conversation left out |
        | traces                                  |
        | traces under a name                     |
        | how sure the transcription is           |
        | a stored prompt                         |
        | much thought before an answer           |

    @unit
    Scenario: What is not asked for is left to the endpoint
      Given the GA endpoint
      And a client that asks for speech at 1.2 times the speed
      When the client connects
      Then nothing but that and the usual settings was asked for

  Rule: What cannot be used is named before anything is sent

    @unit
    Scenario Outline: <flaw> is refused as <named>
      Given the GA endpoint
      When a client is made that asks for <flaw>
      Then the attempt fails because a value cannot be used
      And the error names "<named>"
      And nothing was dialled

      Examples:
        | flaw                                    | named                            |
        | speech at twice the speed               | speed                            |
        | an answer of no tokens                  | max_output_tokens                |
        | an answer of 5,000 tokens               | max_output_tokens                |
        | answers in song                         | output_modality                  |
        | turns taken by a threshold of 2         | turn_detection.threshold         |
        | turns taken by a silence of a second    | turn_detection.idle_timeout_ms   |
        | turns taken by chance                   | turn_detection                   |
        | turns taken with a misspelt setting     | turn_detection.silence_ms        |
        | noise of a far field taken out by force | noise_reduction.strength         |
        | two languages at once                   | transcription.language           |
        | words to expect of a model without them | transcription.keywords           |
        | a long conversation kept twice over     | truncation.retention_ratio       |
        | a setting of the beta                   | temperature                      |

  Rule: The session can be changed while it lasts

    @unit
    Scenario: A change is in force when it has been made, and nothing else is changed
      Given the GA endpoint
      And a connected client
      When the client changes its instructions to "Answer in Dutch."
      Then the session in force has the instructions "Answer in Dutch."
      And the last change asked for nothing but the instructions
      When the client asks the question aloud
      Then the whole answer is heard
      And the endpoint has refused nothing

    @unit
    Scenario: Instructions can be taken away
      Given the GA endpoint
      And a client with the instructions "Answer in Dutch."
      And a connected client
      When the client changes its instructions to ""
      Then the session in force no longer has the instructions "Answer in Dutch."

    @unit
    Scenario: A change that the endpoint refuses is told with its reason, and costs nothing
      Given the GA endpoint
      And a connected client
      When the client asks the question aloud
      And the client tries to change its voice to "echo"
      Then the attempt fails because the session is refused
      And the error carries the code "cannot_update_voice"
      When the client asks the question aloud again
      Then the whole second answer is heard

    @unit
    Scenario: A change that cannot be used is refused before it is sent
      Given the GA endpoint
      And a connected client
      When the client tries to change its speed to 9
      Then the attempt fails because a value cannot be used
      And the error names "speed"
      When the client hangs up
      Then the client has sent "session.update" once

    @unit
    Scenario: The turns can be left to the endpoint from now on
      Given the GA endpoint
      And a connected client
      When the client asks the question aloud
      And the client leaves the turns to silence
      And the client speaks the question and falls silent for 1,000 ms
      And the client hears the answer
      Then the whole second answer is heard
      And the client has sent "input_audio_buffer.commit" once
      And the endpoint has refused nothing

  Rule: The model can answer in writing

    @unit
    Scenario: A written answer is given in words, without audio
      Given an endpoint that answers "At nine, as always."
      And a client that asks for answers in writing
      And a connected client
      When the client speaks the question and takes the whole turn
      Then the turn's text is "At nine, as always."
      And the turn holds no audio
      And the endpoint has refused nothing
