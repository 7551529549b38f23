@CAP-EXPLAIN
Feature: Every code has a cause and a remedy
  A connection ends with a number. Whoever finds it in a log asks the command, and is told what happened, what to do,
  and whether trying again makes sense.

  Rule: A close code, an error code and a close reason are explained

    @unit
    Scenario Outline: <code> is explained
      When the code "<code>" is looked up
      Then the command succeeds
      And it says "<cause>"
      And it says "<remedy>"
      And it says that the same again <again>

      Examples: what the service closes with
        | code | cause                                     | remedy                      | again       |
        | 1000 | closed the connection in order            | None is needed              | ends alike  |
        | 1001 | going away                                | Connect again               | may succeed |
        | 1006 | without a close frame                     | look at the network         | may succeed |
        | 1011 | an error of its own                       | a little later              | may succeed |
        | 1012 | restarts                                  | a little later              | may succeed |
        | 1013 | overloaded                                | less often                  | may succeed |
        | 3000 | does not accept the credential            | OPENAI_API_KEY              | ends alike  |
        | 4000 | refuses the form of the request           | what the close reason names | ends alike  |
        | 4004 | does not exist, or the key may not use it | Name another model          | ends alike  |

      Examples: codes nobody has seen so far
        | code | cause                               | remedy                | again      |
        | 1016 | reserved for the WebSocket protocol | Read the close reason | ends alike |
        | 3999 | registered with IANA                | Read the close reason | ends alike |
        | 4999 | of the service's own making         | Read the close reason | ends alike |

      Examples: error codes and close reasons
        | code                                          | cause                   | remedy                 | again       |
        | beta_api_shape_disabled                       | no longer supported     | beta header            | ends alike  |
        | invalid_request_error.beta_api_shape_disabled | no longer supported     | beta header            | ends alike  |
        | invalid_request_error                         | Missing bearer          | Authorization header   | ends alike  |
        | session_expired                               | 60 minutes              | Connect again          | may succeed |
        | conversation_already_has_active_response      | one was in progress     | Wait for response.done | may succeed |
        | input_audio_buffer_commit_empty               | Less than 100 ms        | 4,800 bytes            | ends alike  |
        | rate_limit_exceeded                           | used up                 | Wait                   | may succeed |
        | content_filter                                | because of what it said | something else         | ends alike  |
        | invalid_request_error.unknown_parameter       | GA does not have        | under session.audio    | ends alike  |

    @unit
    Scenario: A close code is explained together with every refusal it stands for
      When the code "4000" is looked up
      Then the command succeeds
      And it explains exactly
        | code                    |
        | 4000                    |
        | beta_api_shape_disabled |
        | missing_model           |
        | invalid_model           |

  Rule: What nobody knows is said to be unknown

    @unit
    Scenario Outline: <code> is not guessed at
      When the code "<code>" is looked up
      Then the command fails with 1
      And it complains "<words>"

      Examples:
        | code          | words                         |
        | sesion_expird | Did you mean session_expired? |
        | 999           | 999 is no close code          |
        | 70000         | 70000 is no close code        |
        | gremlins      | Call it without a code        |

  Rule: Every refusal the endpoint knows is explained

    @unit
    Scenario: No code of the endpoint's rules is unknown
      When each error code of the endpoint's rules is looked up
      Then none of them is unknown
