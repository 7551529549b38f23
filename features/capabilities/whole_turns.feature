@CAP-TURNS
Feature: Whole turns and single events
  Whoever does not want to hear slice by slice is given the finished turn: what was said, in audio and in words,
  what was called, what it used and how long it took. Whoever wants to see everything is given every event.

  Rule: A turn is given once it is finished, with all that belongs to it

    @unit
    Scenario: A finished turn has its audio, its words and the user's
      Given the GA endpoint
      And a connected client
      When the client speaks the question and takes the whole turn
      Then the turn holds the whole answer
      And the turn's words are "We open at nine in the morning, and we close at six."
      And the turn has the status "completed"
      And the turn has called nothing and follows none

    @unit
    Scenario: A finished turn knows what it used
      Given the GA endpoint
      And a connected client
      When the client speaks the question and takes the whole turn
      Then the turn has used what the endpoint has told

    @unit
    Scenario: A finished turn knows how long it took
      Given an endpoint that pauses after 2 slices of its answer
      And a connected client
      When the client speaks the question and takes the whole turn, which goes on after a while
      Then the first byte, the first audio and the end came in this order

    @unit
    Scenario: A turn that calls is given at once, with its calls
      Given a client with the tools "opening_hours, stock"
      And an endpoint whose model calls
        | call   | function      | arguments     |
        | call_1 | opening_hours | {"day":"mon"} |
      And a connected client
      When the client speaks the question and takes the whole turn
      Then the turn's message for the chat API has exactly the calls
        | call   | function      | arguments     |
        | call_1 | opening_hours | {"day":"mon"} |

    @unit
    Scenario: A round of calling and answering is two turns, and the first says so
      Given a client with the function "opening_hours"
      And an endpoint whose model calls
        | call   | function      | arguments     |
        | call_1 | opening_hours | {"day":"mon"} |
      And a connected client
      When the client speaks the question and takes the whole turn
      Then another turn follows by itself
      When the client takes the whole turn
      Then the turn holds the whole second answer
      And no other turn follows

    @unit
    Scenario: What was heard slice by slice is not given again
      Given an endpoint that pauses after 2 slices of its answer
      And a connected client
      When the client asks the question aloud and hears 2 slices
      And the endpoint goes on
      And the client takes the whole turn
      Then the turn holds the answer after its first 2 slices

    @unit
    Scenario: A turn of words alone is whole
      Given an endpoint that answers with words and no audio
      And a connected client
      When the client speaks the question and takes the whole turn
      Then the turn's words are "At nine."

  Rule: A turn that came to no good end is an error that holds what was received

    @unit
    Scenario Outline: <trouble> is told with what came before it
      Given an endpoint with the fault "<fault>"
      And a connected client
      When the client tries to take the whole turn
      Then the attempt fails because <reason>
      And the error holds a turn with the first <slices> slices

      Examples:
        | trouble            | fault                                     | reason                        | slices |
        | A failure          | failed code=server_error slices=2         | the response failed           | 2      |
        | A token limit      | incomplete reason=max_output_tokens slices=2 | the response is incomplete    | 2      |
        | A content filter   | incomplete reason=content_filter slices=3 | the response is incomplete    | 3      |
        | A broken event     | malformed after=2                         | the server broke the protocol | 2      |
        | A lost connection  | close code=1011 after=3                   | the connection was lost       | 3      |

    @unit
    Scenario: A completed response that holds nothing is no answer
      Given an endpoint that answers with nothing
      And a connected client
      When the client tries to take the whole turn
      Then the attempt fails because the response is empty

    @unit
    Scenario: A deadline inside a turn costs nothing of it
      Given an endpoint that pauses after 2 slices of its answer
      And a connected client
      When the client tries to take the whole turn within 100 ms
      Then the attempt fails because the deadline passed
      When the endpoint goes on
      And the client takes the whole turn
      Then the turn holds the whole answer

  Rule: Every event can be seen as it comes, and nothing is taken away by looking

    @unit
    Scenario: The events of a turn are seen in order, and the answer is heard all the same
      Given the GA endpoint
      And a connected client
      And a reader of the events
      When the client asks the question aloud
      Then the reader has seen every event that the endpoint has sent since
      And the whole answer is heard

    @unit
    Scenario: Each reader sees every event
      Given the GA endpoint
      And a connected client
      And a reader of the events
      And a reader of the events
      When the client asks the question aloud
      Then each reader has seen every event that the endpoint has sent since

    @unit
    Scenario: Events that nobody has announced are seen with all their fields
      Given an endpoint with the fault "unknown-event"
      And a connected client
      And a reader of the events
      When the client asks the question aloud
      Then the reader has seen every event that the endpoint has sent since
      And the reader has seen an event of unknown type, whole

    @unit
    Scenario: The end of the connection ends the reading, after the last event
      Given an endpoint with the fault "close code=1011 on=response.done"
      And a connected client
      And a reader of the events
      When the client tries to hear an answer
      Then the attempt fails because the connection was lost
      And the reading has ended
