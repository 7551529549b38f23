@AC5
Feature: Sending and interrupting
  The client sends speech and text as before the migration, asks for one response per turn, and can
  stop a response that is under way.

  Rule: Speech is sent as it comes and committed when the answer is awaited

    @unit @migration
    Scenario: Speech is appended slice by slice, then committed, then answered
      Given the GA endpoint
      And a connected client
      When the client asks the question aloud in 4 slices
      And the client hangs up
      Then the client has sent exactly
        | event                      |
        | session.update             |
        | input_audio_buffer.append  |
        | input_audio_buffer.append  |
        | input_audio_buffer.append  |
        | input_audio_buffer.append  |
        | input_audio_buffer.commit  |
        | response.create            |
      And the endpoint has heard the question byte for byte

    @unit
    Scenario: Speech alone asks for nothing
      Given the GA endpoint
      And a connected client
      When the client only speaks the question in 2 slices
      And the client hangs up
      Then the client has sent exactly
        | event                     |
        | session.update            |
        | input_audio_buffer.append |
        | input_audio_buffer.append |

    @unit
    Scenario: Two turns are two commits and two responses
      Given the GA endpoint
      And a connected client
      When the client asks the question aloud in 1 slices
      And the client asks the question aloud in 1 slices
      And the client hangs up
      Then the client has sent exactly
        | event                     |
        | session.update            |
        | input_audio_buffer.append |
        | input_audio_buffer.commit |
        | response.create           |
        | input_audio_buffer.append |
        | input_audio_buffer.commit |
        | response.create           |

    @unit
    Scenario: Less than 100 ms of speech is not committed
      Given the GA endpoint
      And a connected client
      When the client tries to ask with 99 ms of speech
      Then the attempt fails because the audio is too short
      And the error says "100 ms"
      When the client hangs up
      Then the client has sent no "input_audio_buffer.commit"
      And the endpoint has refused nothing

    @unit
    Scenario: Speech that was too short is part of what is said next
      Given the GA endpoint
      And a connected client
      When the client tries to ask with 99 ms of speech
      Then the attempt fails because the audio is too short
      When the client asks the question aloud
      Then the whole answer is heard
      And the endpoint has heard all that was said

  Rule: Text is a message of the user, answered at once

    @unit @migration
    Scenario: Text sent as the user is one message and one request for a response
      Given the GA endpoint
      And a connected client in the role of the user
      When the client says "When do you open?" in text
      And the client hangs up
      Then the client has sent exactly
        | event                    |
        | session.update           |
        | conversation.item.create |
        | response.create          |
      And the message sent is one user's input text "When do you open?"

    @unit
    Scenario: Text is answered aloud
      Given the GA endpoint
      And a connected client in the role of the user
      When the client says "When do you open?" in text
      And the client hears the answer
      Then the whole answer is heard

  Rule: No second response is asked for while one is in progress

    @unit
    Scenario: Text sent during a response is answered after it, once
      Given an endpoint that pauses after 2 slices of its answer
      And a connected client
      When the client asks the question aloud and hears 2 slices
      And the client says "And on Sunday?" in text
      And the endpoint goes on
      And the client hears the rest
      And the client hears the answer
      And the client hangs up
      Then the endpoint has refused nothing
      And the client has sent "response.create" 2 times

  Rule: An interruption stops the response and leaves the session usable

    @unit @migration
    Scenario: Interrupting sends one cancellation
      Given an endpoint that pauses after 2 slices of its answer
      And a connected client
      When the client asks the question aloud and hears 2 slices
      And the client interrupts
      And the client hangs up
      Then the client has sent "response.cancel" once

    @unit
    Scenario: An interrupted response ends as cancelled by the client
      Given an endpoint that pauses after 2 slices of its answer
      And a connected client
      When the client asks the question aloud and hears 2 slices
      And the client interrupts
      And the client hears the rest
      Then the response was cancelled by the client

    @unit
    Scenario: After an interruption the next answer is heard whole
      Given an endpoint that pauses after 2 slices of its answer
      And a connected client
      When the client asks the question aloud and hears 2 slices
      And the client interrupts
      And the client hears the rest
      And the client asks the question aloud again
      Then the whole second answer is heard

    @unit
    Scenario: Interrupting while nothing is said is harmless
      Given the GA endpoint
      And a connected client
      When the client interrupts
      And the client asks the question aloud
      Then the whole answer is heard
      And the endpoint has refused nothing

  Rule: What cannot be sent is refused with the remedy, and costs nothing already said

    @unit
    Scenario Outline: To <action> before connecting is refused
      Given the GA endpoint
      When the client tries to <action> before connecting
      Then the attempt fails because the client is not connected
      And the error says "connect()"
      And nothing was dialled

      Examples:
        | action           |
        | send speech      |
        | send text        |
        | hear an answer   |
        | interrupt        |

    @unit
    Scenario Outline: Audio <flaw> is refused before it is sent
      Given the GA endpoint
      And a connected client
      When the client tries to send audio <flaw>
      Then the attempt fails because the audio is not valid
      And the error says "<named>"
      When the client asks the question aloud
      Then the whole answer is heard

      Examples:
        | flaw                        | named   |
        | with half a sample          | even    |
        | from a file at 16 kHz       | 24000   |
        | from a file with 2 channels | channel |

  Rule: The live endpoint takes speech, text and interruption

    @e2e
    Scenario: The live endpoint answers speech
      Given the live endpoint
      And a connected client
      When the client asks the question aloud
      Then an audible answer is heard
      And the endpoint has refused nothing

    @e2e
    Scenario: The live endpoint answers text of the user
      Given the live endpoint
      And a connected client in the role of the user
      When the client says "When do you open?" in text
      And the client hears the answer
      Then an audible answer is heard
      And the endpoint has refused nothing

    @e2e
    Scenario: The live endpoint stops when it is interrupted
      Given the live endpoint
      And a client with the instructions "Answer at great length, with every detail you can think of."
      And a connected client
      When the client asks the question aloud and hears 1 slices
      And the client interrupts
      And the client hears the rest
      Then the response was cancelled by the client
      And the endpoint has refused nothing
