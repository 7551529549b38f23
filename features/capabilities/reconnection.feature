@CAP-RECONNECT
Feature: The end of a session, and what comes after
  A session ends after an hour, and any connection may be lost. The end is announced before it comes; and a client that
  was told to connects again where that can help, takes the conversation along, and never argues with a refusal.

  Rule: The end is announced before it comes

    @unit
    Scenario: Five minutes before the hour is over the client is told, once
      Given an endpoint on whose clock the hours pass at will
      And a client that is to be told 300 s before its session ends
      When the client asks the question aloud
      And 3299 s pass
      And the client asks the question aloud again
      Then nothing has been announced
      When 1 s passes
      And the client says "Are you still there?" in text
      And the client hears the answer
      Then the end has been announced once, 300 s before it
      And "this session ends in 300 s" was warned about once

    @unit
    Scenario: What ends after an hour says that it has expired
      Given an endpoint on whose clock the hours pass at will
      And a connected client
      When 3600 s pass
      And the client tries to hear an answer
      Then the attempt fails because the connection was lost
      And the error says "maximum duration of 60 minutes"
      And the error carries the code "session_expired"

  Rule: A lost connection that can recover is opened again by the next call

    @unit
    Scenario Outline: After <loss> the next question is answered whole, on a new connection
      Given an endpoint whose second answer ends with <loss>
      And a client that connects again
      And a connected client
      When the client asks the question aloud
      And the client tries to hear an answer
      Then the attempt fails because the connection was lost
      When the client asks once more
      Then the third answer is heard whole
      And 2 connections were dialled

      Examples:
        | loss     |
        | 1001     |
        | 1006     |
        | 1011     |
        | 1012     |
        | 1013     |

    @unit
    Scenario: The new session is given the conversation so far
      Given an endpoint whose second answer ends with 1011
      And a client that connects again
      And a connected client
      When the client asks the question aloud
      And the client tries to hear an answer
      Then the attempt fails because the connection was lost
      When the client asks once more
      Then the new session was given, before anything else
        | role      | words                                                |
        | user      | the question                                         |
        | assistant | We open at nine in the morning, and we close at six. |
        | user      | the question                                         |

    @unit
    Scenario: The conversation survives a second loss, too
      Given an endpoint whose second answer, and the next, end with 1011
      And a client that connects again
      And a connected client
      When the client asks the question aloud
      And the client tries to hear an answer
      Then the attempt fails because the connection was lost
      When the client tries to ask once more
      Then the attempt fails because the connection was lost
      When the client asks once more
      Then 3 connections were dialled
      And the new session was given, before anything else
        | role      | words                                                |
        | user      | the question                                         |
        | assistant | We open at nine in the morning, and we close at six. |
        | user      | the question                                         |
        | user      | the question                                         |

    @unit
    Scenario: A client that was told not to take the conversation along begins anew
      Given an endpoint whose second answer ends with 1011
      And a client that connects again with nothing
      And a connected client
      When the client asks the question aloud
      And the client tries to hear an answer
      Then the attempt fails because the connection was lost
      When the client asks once more
      Then the third answer is heard whole
      And the new session was given nothing

    @unit
    Scenario: Connecting itself is tried as often as was agreed
      Given an endpoint with the fault "close code=1013 on=session.created"
      And a client that connects again
      When the client tries to connect
      Then the attempt fails because the connection was lost
      And 4 connections were dialled

  Rule: What cannot recover is not tried again

    @unit
    Scenario Outline: After <loss> the next question fails, and nothing is dialled
      Given an endpoint whose second answer ends with <loss>
      And a client that connects again
      And a connected client
      When the client asks the question aloud
      And the client tries to hear an answer
      Then the attempt fails because <reason>
      When the client tries to ask once more
      Then the attempt fails because <reason>
      And 1 connection was dialled

      Examples:
        | loss | reason                  |
        | 1000 | the connection was lost |
        | 1008 | the connection was lost |
        | 3000 | the key is refused      |
        | 4000 | the connection was lost |
        | 4321 | the connection was lost |

    @unit
    Scenario: A refused key is refused once
      Given the GA endpoint
      And a client with a wrong key
      And a client that connects again
      When the client tries to connect
      Then the attempt fails because the key is refused
      And 1 connection was dialled

    @unit
    Scenario: Who was not told to connects no second time
      Given an endpoint whose second answer ends with 1011
      And a connected client
      When the client asks the question aloud
      And the client tries to hear an answer
      Then the attempt fails because the connection was lost
      When the client tries to ask once more
      Then the attempt fails because the connection was lost
      And 1 connection was dialled
