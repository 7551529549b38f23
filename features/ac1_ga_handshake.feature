@AC1
Feature: GA handshake
  A client is let in with its key alone. The header of the retired beta closes the door again:
  the endpoint opens the socket, says why in one error, and closes it with 4000.

  Rule: The client presents its key and nothing of the beta

    @unit @guard @migration
    Scenario: The client opens the GA endpoint with its key alone
      Given the GA endpoint
      When the client connects
      Then the handshake is accepted
      And the client has dialled the realtime endpoint for its model
      And the client has presented its key as bearer token
      And the client has sent no beta header
      And the client has offered no subprotocol

    @unit
    Scenario: Without an endpoint of its own the client dials the vendor's
      When a client is made without an endpoint
      Then its address is "wss://api.openai.com/v1/realtime?model=gpt-realtime-2.1-mini"

    @unit
    Scenario Outline: The key is taken from <used> when it is held by <places>
      Given the GA endpoint
      And a key held by <places>
      When the client connects
      Then the client has presented the key of <used>

      Examples:
        | places                                                     | used                  |
        | the argument, the realtime variable, the general variable  | the argument          |
        | the realtime variable, the general variable                | the realtime variable |
        | the general variable                                       | the general variable  |

    @unit
    Scenario: The key is kept out of the address, the log, the errors and the evidence
      Given the GA endpoint
      And a client with a wrong key
      And logging at its most talkative
      When the client tries to connect
      Then the attempt fails because the key is refused
      And the key stands in none of the address, the log, the error and the evidence

    @unit
    Scenario: The key of a client that is let in is kept out of everything, too
      Given the GA endpoint
      And logging at its most talkative
      When the client connects
      And the client only speaks the question in 2 slices
      And the client hangs up
      Then the key stands in none of the address, the log, the error and the evidence

    @unit
    Scenario: Hanging up closes the connection in order
      Given the GA endpoint
      And a connected client
      When the client hangs up
      Then the connection was closed with 1000

  Rule: A connection counts only once the session is created and configured

    @unit
    Scenario: Connecting waits until the session is created and configured
      Given an endpoint that takes 200 ms to configure a session
      When the client connects
      Then the endpoint has sent, in this order
        | event           |
        | session.created |
        | session.updated |

    @unit
    Scenario Outline: An endpoint that never sends <event> is a deadline that says so
      Given an endpoint that never sends <event>
      When the client tries to connect within 200 ms
      Then the attempt fails because the deadline passed
      And the error says "<event>"
      And the error says "<last seen>"

      Examples:
        | event           | last seen       |
        | session.created | nothing         |
        | session.updated | session.created |

  Rule: A refusal names its reason and the remedy

    @unit
    Scenario Outline: A client with <flaw> is told that <reason>
      Given the GA endpoint
      And a client with <flaw>
      When the client tries to connect
      Then the attempt fails because <reason>
      And the endpoint has closed with <close code> "<close reason>"
      And the error says "<remedy>"

      Examples:
        | flaw              | reason               | close code | close reason                          | remedy         |
        | a wrong key       | the key is refused   | 3000       | invalid_request_error.invalid_api_key | OPENAI_API_KEY |
        | an unknown model  | the model is unknown | 4000       | invalid_request_error.invalid_model   | model          |
        | a withdrawn model | the model is unknown | 4004       | invalid_request_error.model_not_found | model          |

    @unit
    Scenario: A client of the beta is told that the protocol is retired
      Given a client that sends the beta header
      And the GA endpoint
      When the client tries to connect
      Then the attempt fails because the beta protocol is retired
      And the endpoint has closed with 4000 "invalid_request_error.beta_api_shape_disabled"
      And the error says "beta header"

    @unit
    Scenario Outline: The same refusal gives the same error when it comes as <timing>
      Given an endpoint that refuses by <timing>
      And a client with a wrong key
      When the client tries to connect
      Then the attempt fails because the key is refused
      And the error carries the code "invalid_api_key"

      Examples:
        | timing                             |
        | an error and the close at once     |
        | an error and the close a bit later |
        | the close alone                    |
        | an error and no close              |

    @unit
    Scenario: Without a key nothing is dialled
      Given the GA endpoint
      And no key anywhere
      When the client tries to connect
      Then the attempt fails because no key was found
      And the error says "OPENAI_API_KEY"
      And nothing was dialled

    @unit
    Scenario Outline: A key <flaw> is refused before anything is dialled
      Given the GA endpoint
      And a key <flaw>
      When the client tries to connect
      Then the attempt fails because the key is malformed
      And nothing was dialled

      Examples:
        | flaw                     |
        | with a line break        |
        | with a space inside      |
        | with a letter beyond ASCII |

    @unit
    Scenario: An endpoint that nobody serves is named together with the remedy
      Given an endpoint that nobody serves
      When the client tries to connect
      Then the attempt fails because nobody answers
      And the error says "endpoint"

  Rule: The live endpoint lets the client in

    @e2e @migration
    Scenario: A live run is not refused at the handshake
      Given the live endpoint
      When the client connects
      Then the handshake is accepted
      When the client asks the question aloud
      Then an audible answer is heard
      And the connection was closed with 1000

  Rule: The live endpoint turns away who may not come in, and that costs nothing

    @e2e
    Scenario: A wrong key is turned away by the live endpoint
      Given the live endpoint
      And a client with a wrong key
      When the client tries to connect
      Then the attempt fails as this endpoint refuses a key
      And nothing was used

    @e2e
    Scenario: A client of the beta is turned away by the live endpoint
      Given the live endpoint
      When a client of the beta dials
      Then the connection was closed with 4000
      And the endpoint has refused it with "beta_api_shape_disabled"
      And nothing was used
