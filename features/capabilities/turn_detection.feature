@CAP-TURN-DETECTION
Feature: Turns that the endpoint takes
  The endpoint can be left to find out when the user has finished. Then the client only speaks and listens: it
  neither commits nor asks, unless asking is left to it.

  Rule: The endpoint commits and answers by itself

    @unit
    Scenario Outline: What is said is answered when <detection> says that it is finished
      Given the GA endpoint
      And a client whose turns are taken by <detection>
      And a connected client
      When the client speaks the question and falls silent for <silence> ms
      And the client hears the answer
      Then the whole answer is heard
      And the client has sent no "input_audio_buffer.commit"
      And the client has sent no "response.create"
      And the endpoint has refused nothing

      Examples:
        | detection          | silence |
        | silence            | 1,000   |
        | what is said       | 4,500   |

    @unit
    Scenario: Two turns in a row are two answers, each with the user's words
      Given the GA endpoint
      And a client whose turns are taken by silence
      And a connected client
      When the client speaks the question and falls silent for 1,000 ms
      And the client hears the answer
      And the client speaks the question and falls silent for 1,000 ms
      And the client hears the answer
      Then the whole second answer is heard
      And the user's transcript is "Hello, what time do you open tomorrow?"
      And the endpoint has refused nothing

    @unit
    Scenario: A turn that the endpoint has taken can be given whole
      Given the GA endpoint
      And a client whose turns are taken by silence
      And a connected client
      When the client speaks the question and falls silent for 1,000 ms
      And the client takes the whole turn
      Then the turn holds the whole answer

    @unit
    Scenario: Waiting before anything was said is waiting, and not an empty answer
      Given the GA endpoint
      And a client whose turns are taken by silence
      And a connected client
      When the client speaks the question and falls silent for 1,000 ms
      And the client hears the answer
      And the client tries to hear more within 50 ms
      Then the attempt fails because the deadline passed

  Rule: Asking can be left to the client

    @unit
    Scenario: The client asks once for what the endpoint has found to be said
      Given the GA endpoint
      And a client whose turns are taken by silence, and who asks itself
      And a connected client
      When the client speaks the question and falls silent for 1,000 ms
      And the client hears the answer
      Then the whole answer is heard
      And the client has sent no "input_audio_buffer.commit"
      And the client has sent "response.create" once
      And the endpoint has refused nothing

    @unit
    Scenario: Nothing is asked for while nobody listens
      Given the GA endpoint
      And a client whose turns are taken by silence, and who asks itself
      And a connected client
      When the client speaks the question and falls silent for 1,000 ms
      And the endpoint has committed what was said
      And the client hangs up
      Then the client has sent no "response.create"

  Rule: Who speaks over an answer stops it

    @unit
    Scenario: Speaking over an answer stops it, and is answered itself
      Given an endpoint that pauses after 3 slices of its answer
      And a client whose turns are taken by silence
      And a connected client
      When the client speaks the question and falls silent for 1,000 ms
      And the client hears 3 slices
      And the client speaks the question and falls silent for 1,000 ms
      And the client tries to hear the rest
      Then the attempt fails because the response was cancelled
      And the error says "turn_detected"
      And the first 3 slices of the answer are heard
      When the client hears the next answer
      Then the whole second answer is heard
      And the endpoint has refused nothing

    @unit
    Scenario: Text that crosses the beginning of an answer on its way is answered after it
      Given an endpoint with the fault "stall ms=1000 on=response.created after=0"
      And a client whose turns are taken by silence
      And a connected client
      When the client speaks the question and falls silent for 1,000 ms
      And the endpoint has committed what was said
      And the client says "And on Sunday?" in text
      And the client hears the answer
      And the client hears the answer
      Then the whole answer is heard
      And the whole second answer is heard
      And the endpoint has refused nothing but a response too many

  Rule: The endpoint can break a silence

    @unit
    Scenario: After a long silence the model speaks again
      Given an endpoint on whose clock the hours pass at will
      And a client whose turns are taken by silence, of 5 seconds at most
      And a connected client
      When the client speaks the question and falls silent for 1,000 ms
      And the client hears the answer
      And 20 s pass
      And the client hears the answer
      Then the whole second answer is heard
      And the client has sent no "response.create"
