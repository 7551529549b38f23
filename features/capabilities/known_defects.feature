@CAP-KNOWN-DEFECTS
Feature: Defects that other clients are known for
  Each of these was reported of a client that people use. What else is known of them is promised elsewhere: odd
  splits, pauses, long answers, failed and incomplete responses under "Receiving the spoken answer"; text during
  an answer and too little speech under "Sending and interrupting"; the key in the log and the error before the
  close under "GA handshake"; a refused session under "GA session configuration".

  Rule: Nothing of one connection survives into the next

    @unit
    Scenario: Speech that was not answered is forgotten when the client hangs up
      Given the GA endpoint
      And a connected client
      When the client only speaks the question in 2 slices
      And the client hangs up
      And the same client connects again
      And the client says "When do you open?" in text
      And the client hears the answer
      Then the whole answer is heard
      And nothing was said aloud on this connection

    @unit
    Scenario: A response that was in progress when the line went dead blocks nothing
      Given an endpoint that is lost by a reset after 2 slices of its answer
      And a connected client
      When the client asks the question aloud and hears 2 slices
      And the endpoint goes on
      And the client tries to hear the rest
      Then the attempt fails because the connection was lost
      When the same client connects again
      And the client asks once more
      Then the whole second answer is heard
      And the endpoint has refused nothing

    @unit
    Scenario: An answer that was not heard to its end is not heard after connecting again
      Given an endpoint that pauses after 2 slices of its answer
      And a connected client
      When the client asks the question aloud and hears 1 slices
      And the client hangs up
      And the same client connects again
      And the client asks once more
      Then the whole second answer is heard

  Rule: No two responses are asked for at once

    @unit
    Scenario: Speech during an answer is committed at once, and answered when that has ended
      Given an endpoint that pauses after 2 slices of its answer
      And a connected client
      When the client asks the question aloud and hears 2 slices
      And the client speaks while the endpoint goes on
      And the client hears the rest
      Then the answer to what was said last is heard whole
      And the client has sent "input_audio_buffer.commit" 2 times
      And the second response was asked for when the first had ended
      And the endpoint has refused nothing

    @unit
    Scenario: A refusal of a second response reaches the caller in the endpoint's words
      Given an endpoint that says that it is answering already
      And a connected client
      When the client tries to hear an answer
      Then the attempt fails because the endpoint reports an error
      And the error carries the code "conversation_already_has_active_response"
      And the error says "already has an active response in progress"
      When the client asks once more
      Then the whole second answer is heard

  Rule: A late interruption is harmless

    @unit
    Scenario: Interrupting an answer that has ended on its way is no error
      Given an endpoint that answers with 20 seconds of tone
      And a connected client
      When the client asks the question aloud and hears 1 slices
      And the endpoint has said everything while the client stands still
      And the client interrupts
      And the client hears the rest
      And the client asks the question aloud again
      Then the whole second answer is heard
      And the endpoint has refused nothing but a cancellation that came too late

  Rule: An error reaches the call that it is about, and no other

    @unit
    Scenario: A change that is refused during an answer does not end the answer
      Given an endpoint that pauses after 2 slices of its answer
      And a connected client
      When the client asks the question aloud and hears 2 slices
      And the client tries to change its voice to "echo"
      Then the attempt fails because the session is refused
      When the endpoint goes on
      And the client hears the rest
      Then the whole answer is heard

    @unit
    Scenario: An error that names another client's event ends no answer
      Given an endpoint that pauses after 2 slices of its answer
      And a connected client
      When the client asks the question aloud and hears 2 slices
      And the client returns nothing to a call that nobody made
      Then the attempt fails because the client broke the protocol
      When the endpoint goes on
      And the client hears the rest
      Then the whole answer is heard
      And the endpoint has refused nothing
