@CAP-ENDPOINT-FAULTS
Feature: Trouble on the line
  The endpoint stalls, stumbles, breaks the rules or goes away, on purpose and by name. What does no harm goes
  unnoticed; of the rest the caller is told by an error of its own kind, after everything that was said before.

  Rule: What does no harm goes unnoticed

    @unit
    Scenario Outline: The answer is heard whole in spite of the fault <fault>
      Given an endpoint with the fault "<fault>"
      And a connected client
      When the client asks the question aloud
      Then the whole answer is heard
      And the fault has struck
      And nothing was warned about

      Examples:
        | fault                                 |
        | delay ms=2                            |
        | stall ms=100 after=2                  |
        | stall ms=100 on=response.done after=0 |
        | forgotten on=response.created         |
        | odd-slices seed=7                     |
        | unknown-event                         |
        | extra-fields                          |
        | oversized padding_bytes=17825792      |
        | slow-reader ms=2                      |

    @unit
    Scenario Outline: What the endpoint puts in disorder is heard as it was sent: <fault>
      Given an endpoint with the fault "<fault>"
      And a connected client
      When the client asks the question aloud
      Then the answer is heard as it was sent, and not as it was meant
      And the fault has struck

      Examples:
        | fault            |
        | duplicate seed=1 |
        | reorder seed=1   |

    @unit
    Scenario: Several faults at once are still no harm
      Given an endpoint with the faults
        | fault            |
        | delay ms=1       |
        | odd-slices       |
        | unknown-event    |
        | extra-fields     |
        | slow-reader ms=1 |
      And a connected client
      When the client asks the question aloud
      And the client asks the question aloud again
      Then the whole answer is heard
      And the whole second answer is heard
      And every fault has struck

    @unit
    Scenario: An endpoint that answers no ping is not missed, for the client sends none
      Given an endpoint with the fault "no-pong"
      And a connected client
      When the client asks the question aloud
      Then the whole answer is heard
      And the client has asked for no pong

    @unit
    Scenario: What the user said is not written down, and the answer is heard all the same
      Given an endpoint with the fault "transcription-failure code=audio_unintelligible"
      And a connected client
      When the client asks the question aloud
      And the client tries to learn what the user said
      Then the attempt fails because the server says so
      And the error carries the code "audio_unintelligible"
      And the whole answer is heard
      And the fault has struck

  Rule: An answer that does not come whole is an error of its kind, after what came

    @unit
    Scenario Outline: <fault> is told because <reason>, after <slices> slices
      Given an endpoint with the fault "<fault>"
      And a connected client
      When the client tries to hear an answer
      Then the attempt fails because <reason>
      And the error says "<named>"
      And the first <slices> slices of the answer are heard
      And the fault has struck

      Examples:
        | fault                                             | reason                        | named               | slices |
        | malformed after=2                                 | the server broke the protocol | JSON                | 2      |
        | rate-limit slices=2                               | the response failed           | rate_limit_exceeded | 2      |
        | failed code=server_error slices=0                 | the response failed           | server_error        | 0      |
        | incomplete reason=content_filter slices=2         | the response is incomplete    | content_filter      | 2      |
        | incomplete reason=max_output_tokens slices=3      | the response is incomplete    | max_output_tokens   | 3      |
        | close code=1000 after=3                           | the connection was lost       | 1000                | 3      |
        | close code=1001 reason="going away" after=3       | the connection was lost       | going away          | 3      |
        | close code=1011 after=3                           | the connection was lost       | 1011                | 3      |
        | close code=4321 reason="nobody knows why" after=3 | the connection was lost       | nobody knows why    | 3      |
        | end-of-stream after=3                             | the connection was lost       | 1006                | 3      |

    @unit
    Scenario Outline: <fault> is a deadline that names what is missing
      Given an endpoint with the fault "<fault>"
      And a connected client
      When the client tries to hear an answer within 150 ms
      Then the attempt fails because the deadline passed
      And the error says "<awaited>"
      And the fault has struck

      Examples:
        | fault                      | awaited                                           |
        | forgotten on=response.done | response.output_audio.delta or response.done      |
        | stall ms=60000 after=2     | last seen: response.output_audio_transcript.delta |

    @unit
    Scenario: An endpoint that stalls while the session is configured is a deadline
      Given an endpoint with the fault "stall ms=60000 on=session.updated after=0"
      When the client tries to connect within 200 ms
      Then the attempt fails because the deadline passed
      And the error says "No session.updated within 0.2 s; last seen: session.created"
      And the fault has struck

    @unit
    Scenario: After a broken event the next question is answered whole
      Given an endpoint with the fault "malformed after=2"
      And a connected client
      When the client tries to hear an answer
      Then the attempt fails because the server broke the protocol
      When the client asks once more
      Then the whole second answer is heard

  Rule: The connection may be lost in any phase, and is never taken for an answer

    @unit
    Scenario Outline: Lost while connecting, by <fault>
      Given an endpoint with the fault "<fault>"
      When the client tries to connect
      Then the attempt fails because the connection was lost
      And the error says "<named>"
      And the fault has struck

      Examples:
        | fault                              | named |
        | close code=1011 on=session.created | 1011  |
        | close code=1013 on=session.updated | 1013  |
        | reset on=session.created           | 1006  |
        | reset on=session.updated           | 1006  |
        | end-of-stream on=session.created   | 1006  |
        | end-of-stream on=session.updated   | 1006  |

    @unit
    Scenario Outline: Lost during a turn, by <fault>
      Given an endpoint with the fault "<fault>"
      And a connected client
      When the client tries to hear an answer
      Then the attempt fails because the connection was lost
      And the error says "<named>"
      And the fault has struck

      Examples:
        | fault                                           | named |
        | close code=1011 on=input_audio_buffer.committed | 1011  |
        | close code=1012 on=response.created             | 1012  |
        | close code=1011 on=response.output_audio.done   | 1011  |
        | close code=1001 on=response.done                | 1001  |
        | reset on=response.created after=1               | 1006  |
        | end-of-stream on=response.done                  | 1006  |
