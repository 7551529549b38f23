@CAP-TOOLS
Feature: The functions that the model calls
  A call reaches the caller once, in the shape of OpenAI's chat API. A Python function that was given as a tool
  is run, its result is sent back, and the next response is asked for.

  Rule: A call reaches the caller once, as the chat API has it

    @unit
    Scenario: A call has its id, its name and its arguments
      Given a client with the tools "opening_hours, stock"
      And an endpoint whose model calls
        | call   | function      | arguments     |
        | call_1 | opening_hours | {"day":"mon"} |
      And a connected client
      When the client asks the question aloud
      Then the turn has called exactly
        | call   | function      | arguments     |
        | call_1 | opening_hours | {"day":"mon"} |

    @unit
    Scenario: Several calls of one turn come in the order in which they were made
      Given a client with the tools "opening_hours, stock"
      And an endpoint whose model calls
        | call   | function      | arguments     |
        | call_2 | stock         | {"of":"tea"}  |
        | call_1 | opening_hours | {"day":"mon"} |
        | call_3 | stock         | {"of":"milk"} |
      And a connected client
      When the client asks the question aloud
      Then the turn has called exactly
        | call   | function      | arguments     |
        | call_2 | stock         | {"of":"tea"}  |
        | call_1 | opening_hours | {"day":"mon"} |
        | call_3 | stock         | {"of":"milk"} |

    @unit
    Scenario Outline: Arguments that are <flaw> are passed on, never raised
      Given a client with the tools "opening_hours, stock"
      And an endpoint whose model calls
        | call   | function      | arguments   |
        | call_1 | opening_hours | <arguments> |
      And a connected client
      When the client asks the question aloud
      Then the turn has called exactly
        | call   | function      | arguments |
        | call_1 | opening_hours | <given>   |

      Examples:
        | flaw    | arguments   | given       |
        | no JSON | {"day": mon | {"day": mon |
        | missing |             | {}          |

    @unit
    Scenario: A turn that only calls ends at once, without audio
      Given a client with the tools "opening_hours, stock"
      And an endpoint whose model calls
        | call   | function      | arguments |
        | call_1 | opening_hours | {}        |
      And a connected client
      When the client asks the question aloud
      Then the turn has ended without audio
      And the endpoint has refused nothing

    @unit
    Scenario: A turn that speaks and calls is heard whole, and its calls come with it
      Given a client with the tools "opening_hours, stock"
      And an endpoint whose model speaks and calls
        | call   | function      | arguments |
        | call_1 | opening_hours | {}        |
      And a connected client
      When the client asks the question aloud
      Then the whole answer is heard
      And the turn has called exactly
        | call   | function      | arguments |
        | call_1 | opening_hours | {}        |

    @unit
    Scenario: A turn that calls nothing has no calls
      Given a client with the tools "opening_hours, stock"
      And the GA endpoint
      And a connected client
      When the client asks the question aloud
      Then the whole answer is heard
      And the turn has called nothing

    @unit
    Scenario: Nothing of a call leaks into the next turn
      Given a client with the tools "opening_hours, stock"
      And an endpoint whose model calls
        | call   | function      | arguments |
        | call_1 | opening_hours | {}        |
      And a connected client
      When the client asks the question aloud
      And the client asks the question aloud again
      Then the whole second answer is heard
      And the turn has called nothing

  Rule: A Python function is run, its result sent back, and the next response asked for

    @unit
    Scenario: A whole round of calling, returning and answering
      Given a client with the function "opening_hours"
      And an endpoint whose model calls
        | call   | function      | arguments     |
        | call_1 | opening_hours | {"day":"mon"} |
      And a connected client
      When the client asks the question aloud in 1 slices
      And the client hears the answer
      And the client hangs up
      Then the whole second answer is heard
      And "opening_hours" was called once with "mon"
      And the model was told
        | call   | output           |
        | call_1 | from nine to six |
      And the client has sent exactly
        | event                     |
        | session.update            |
        | input_audio_buffer.append |
        | input_audio_buffer.commit |
        | response.create           |
        | conversation.item.create  |
        | response.create           |
      And the endpoint has refused nothing

    @unit
    Scenario: Several functions of one turn are answered together
      Given a client with the function "opening_hours"
      And an endpoint whose model calls
        | call   | function      | arguments     |
        | call_1 | opening_hours | {"day":"mon"} |
        | call_2 | opening_hours | {"day":"tue"} |
      And a connected client
      When the client asks the question aloud in 1 slices
      And the client hears the answer
      And the client hangs up
      Then the whole second answer is heard
      And the client has sent "conversation.item.create" 2 times
      And the client has sent "response.create" 2 times
      And the endpoint has refused nothing

    @unit
    Scenario Outline: A function that <trouble> is told to the model, and answered
      Given a client with the function "<function>"
      And an endpoint whose model calls
        | call   | function   | arguments   |
        | call_1 | <function> | <arguments> |
      And a connected client
      When the client asks the question aloud
      And the client hears the answer
      And the client hangs up
      Then the whole second answer is heard
      And the model was told of the error "<error>"
      And the endpoint has refused nothing

      Examples:
        | trouble                       | function      | arguments       | error                            |
        | is given a wrong value        | opening_hours | {"day":"never"} | day: Input should be             |
        | is given too little           | opening_hours | {}              | day: Missing required argument   |
        | is given what it has not      | opening_hours | {"date":1}      | date: Unexpected keyword         |
        | is given no JSON              | opening_hours | {"day":         | Invalid JSON                     |
        | raises                        | broken        | {}              | LookupError: the book is lost    |
        | takes too long                | stuck         | {}              | stuck took longer than 0.05 s    |
        | returns what JSON has not     | odd           | {}              | cannot be written as JSON        |

    @unit
    Scenario: Who speaks while a function is at work is answered once, with its result
      Given a client with the function "patient"
      And an endpoint whose model calls
        | call   | function | arguments |
        | call_1 | patient  | {}        |
      And a connected client
      When the client asks the question aloud in 1 slices
      And the client says "And on Sunday?" in text
      And the function "patient" is done
      And the client hears the answer
      And the client hangs up
      Then the whole second answer is heard
      And the client has sent "response.create" 2 times
      And the endpoint has refused nothing

    @unit
    Scenario: A function that is offered later is run like any other
      Given an endpoint whose model calls
        | call   | function      | arguments     |
        | call_1 | opening_hours | {"day":"mon"} |
      And a connected client
      When the client offers the function "opening_hours" from now on
      And the client asks the question aloud
      And the client hears the answer
      Then the whole second answer is heard
      And "opening_hours" was called once with "mon"
      And the endpoint has refused nothing

  Rule: A tool without a function is answered by the caller

    @unit
    Scenario: What the caller returns is sent back, and the next response asked for
      Given a client with the tools "opening_hours, stock"
      And an endpoint whose model calls
        | call   | function      | arguments |
        | call_1 | opening_hours | {}        |
        | call_2 | stock         | {}        |
      And a connected client
      When the client asks the question aloud in 1 slices
      And the client returns "from nine to six" to "call_1"
      And the client returns "plenty" to "call_2"
      And the client hears the answer
      And the client hangs up
      Then the whole second answer is heard
      And the model was told
        | call   | output           |
        | call_1 | from nine to six |
        | call_2 | plenty           |
      And the client has sent "response.create" 2 times
      And the endpoint has refused nothing

    @unit
    Scenario Outline: What is returned to <call> is refused before it is sent
      Given a client with the tools "opening_hours, stock"
      And an endpoint whose model calls
        | call   | function      | arguments |
        | call_1 | opening_hours | {}        |
      And a connected client
      When the client asks the question aloud
      And the client returns "from nine to six" to "call_1"
      And the client tries to return "once more" to "<id>"
      Then the attempt fails because the client broke the protocol
      And the error says "no open call"
      When the client hears the answer
      Then the whole second answer is heard
      And the endpoint has refused nothing

      Examples:
        | call                       | id     |
        | a call that nobody made    | call_9 |
        | a call that has its output | call_1 |
