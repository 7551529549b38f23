@CAP-CLIENT-SECRETS
Feature: Client secrets
  The key can stay away from the socket: it buys a short-lived secret over HTTP, and only that is presented. A
  gateway in front of the vendor sells them, too, for a key of its own, and keeps the books: it is told once what
  each session used.

  Rule: The key buys a secret, and only the secret reaches the socket

    @unit
    Scenario: The endpoint's own secret opens the session
      Given the GA endpoint
      And a client that buys client secrets
      When the client connects
      And the client asks the question aloud
      Then the client has presented a client secret, and not its key
      And the whole answer is heard
      And it is a session of the client's model
      And the session is not a gateway's

    @unit
    Scenario: A gateway's secret opens the session, and the gateway names it
      Given the GA endpoint
      And a gateway in front of it
      And a client that buys client secrets from the gateway
      When the client connects
      And the client asks the question aloud
      Then the client has presented a client secret, and not its key
      And the whole answer is heard
      And the session is a gateway's
      And the gateway was asked for nothing but a session of the client's model

    @unit
    Scenario: The environment says where the gateway is, and with which key
      Given the GA endpoint
      And a gateway in front of it
      And a client that buys client secrets where the environment says
      When the client connects
      Then the client has presented a client secret, and not its key
      And the session is a gateway's

    @unit
    Scenario: An older gateway wraps the secret
      Given the GA endpoint
      And a gateway in front of it that answers 200 with {"client_secret": {"value": "{secret}"}}
      And a client that buys client secrets from the gateway
      When the client connects
      Then the client has presented a client secret, and not its key

    @unit
    Scenario: Neither key nor secret is shown by anything
      Given the GA endpoint
      And a gateway in front of it
      And a client that buys client secrets from the gateway
      And logging at its most talkative
      When the client connects
      And the client hangs up
      Then neither the gateway's key nor a secret it sold stands in the address, the log, the error or the evidence

    @unit
    Scenario: A key for the socket alone is none to buy secrets with
      Given the GA endpoint
      And a key held by the realtime variable
      When the client tries to be made to buy client secrets
      Then the attempt fails because no key was found
      And the error says "OPENAI_API_KEY is not set"

    @unit
    Scenario Outline: A client that may buy secrets <does> with a key held by <place>
      Given the GA endpoint
      And a key held by <place>
      And a client that may buy client secrets
      When the client connects
      Then the client <has>

      Examples:
        | place                 | does          | has                                            |
        | the general variable  | does so       | has presented a client secret, and not its key |
        | the realtime variable | dials with it | has presented the key of the realtime variable |

  Rule: Where no secrets are sold, the key is presented, with a warning

    @unit
    Scenario: An endpoint without that route is dialled directly
      Given the GA endpoint
      And a gateway in front of it that answers 404 with nothing here
      And a client that buys client secrets from the gateway
      When the client connects
      Then the client has presented its key as bearer token
      And "dialling with the key from the api_key argument" was warned about once
      And the session is not a gateway's

  Rule: A refusal is final: nothing is dialled in its place

    @unit
    Scenario Outline: A gateway that answers <status> with <body>
      Given the GA endpoint
      And a gateway in front of it that answers <status> with <body>
      And a client that buys client secrets from the gateway
      When the client tries to connect
      Then the attempt fails because no client secret was given out
      And the error says "<words>"
      And nothing was dialled

      Examples:
        | status | body                              | words                             |
        | 401    | Incorrect API key                 | HTTP 401: Incorrect API key       |
        | 402    | the budget is spent               | HTTP 402: the budget is spent     |
        | 403    | not for you                       | HTTP 403: not for you             |
        | 429    | too many sessions                 | HTTP 429: too many sessions       |
        | 500    | sorry                             | HTTP 500: sorry                   |
        | 302    | elsewhere                         | HTTP 302 without one              |
        | 200    | <html>welcome</html>              | HTTP 200 without one              |
        | 200    | ["{secret}"]                      | HTTP 200 without one              |
        | 200    | {"value": ""}                     | HTTP 200 without one              |
        | 200    | {"value": 7}                      | HTTP 200 without one              |
        | 200    | {"client_secret": "{secret}"}     | HTTP 200 without one              |
        | 200    | {"value": "ek_two\r\nLines: yes"} | HTTP 200 without one              |

    @unit
    Scenario: A gateway that never answers is a deadline
      Given the GA endpoint
      And a gateway in front of it that never sells a secret
      And a client that buys client secrets from the gateway within 150 ms
      When the client tries to connect
      Then the attempt fails because the deadline passed
      And nothing was dialled

    @unit
    Scenario: A gateway that is not there is named with the remedy
      Given the GA endpoint
      And a client that buys client secrets where nobody sells any
      When the client tries to connect
      Then the attempt fails because nobody answers
      And the error says "Check the address and the network"
      And nothing was dialled

  Rule: A gateway is told once what its session used

    @unit
    Scenario: Two answers are reported as their sum
      Given the GA endpoint
      And a gateway in front of it
      And a client that buys client secrets from the gateway
      When the client connects
      And the client asks the question aloud
      And the client asks the question aloud again
      And the client hangs up
      And the client hangs up once more
      Then the gateway was told of these sessions, in this order
        | session | input | input audio | output | output audio |
        | vs 1/a  | 158   | 128         | 168    | 140          |

    @unit
    Scenario: A session that did nothing is reported as zeros
      Given the GA endpoint
      And a gateway in front of it
      And a client that buys client secrets from the gateway
      When the client connects
      And the client hangs up
      Then the gateway was told of these sessions, in this order
        | session | input | output |
        | vs 1/a  | 0     | 0      |

    @unit
    Scenario: A secret whose session never opened is reported as zeros
      Given an endpoint that never sends session.created
      And a gateway in front of it
      And a client that buys client secrets from the gateway
      When the client tries to connect within 100 ms
      Then the attempt fails because the deadline passed
      And the gateway was told of these sessions, in this order
        | session | input | output |
        | vs 1/a  | 0     | 0      |

    @unit
    Scenario: Each connection has a session of its own
      Given the GA endpoint
      And a gateway in front of it
      And a client that buys client secrets from the gateway
      When the client connects
      And the client asks the question aloud
      And the client connects anew
      And the client hangs up
      Then the gateway was told of these sessions, in this order
        | session | input | output |
        | vs 1/a  | 46    | 84     |
        | vs 2/a  | 0     | 0      |

    @unit
    Scenario: A gateway that keeps no count is told nothing
      Given the GA endpoint
      And a gateway in front of it that keeps no count
      And a client that buys client secrets from the gateway
      When the client connects
      And the client hangs up
      Then the gateway was told nothing

    @unit
    Scenario: A report that is not taken fails nothing
      Given the GA endpoint
      And a gateway in front of it that does not take reports
      And a client that buys client secrets from the gateway
      When the client connects
      And the client hangs up
      Then "the usage of session vs 1/a was not taken: HTTP 503" was warned about once
