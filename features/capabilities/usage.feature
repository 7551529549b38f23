@CAP-USAGE
Feature: What a session used, and what it cost
  The endpoint tells what each response used, and never the sum. The client keeps it per response, adds it up
  count by count, because each kind of token has its own price, and knows what it cost.

  Rule: The usage of each response is kept, and the session's is their sum

    @unit
    Scenario: Two answers are kept one by one and summed
      Given the GA endpoint
      And a connected client
      When the client asks the question aloud
      And the client asks the question aloud again
      Then the responses have used
        | input | input text | input audio | output | output text | output audio |
        | 46    | 15         | 31          | 84     | 14          | 70           |
        | 112   | 15         | 97          | 84     | 14          | 70           |
      And the session has used
        | input | input text | input audio | output | output text | output audio |
        | 158   | 30         | 128         | 168    | 28          | 140          |

    @unit
    Scenario: A session that did nothing has used nothing, and says so
      Given the GA endpoint
      And a connected client
      When the client hangs up
      Then the session has used
        | input | output |
        | 0     | 0      |
      And the session has cost 0 US dollars

    @unit
    Scenario: An answer that was interrupted has used what was said until then
      Given an endpoint that pauses after 2 slices of its answer
      And a connected client
      When the client asks the question aloud and hears 2 slices
      And the client interrupts
      And the client hears the rest
      Then the responses have used
        | input | output audio |
        | 46    | 4            |

    @unit
    Scenario: An answer that is told twice counts once
      Given an endpoint with the fault "duplicate on=response.done share=1"
      And a connected client
      When the client asks the question aloud
      Then the session has used
        | input | output |
        | 46    | 84     |
      And the fault has struck

    @unit
    Scenario: A new connection counts from nothing
      Given the GA endpoint
      And a connected client
      When the client asks the question aloud
      And the client connects anew
      Then the session has used
        | input | output |
        | 0     | 0      |

  Rule: What it cost comes from a dated table of prices

    @unit
    Scenario: The session's cost holds every kind of token, and the transcription of what the user said
      Given the GA endpoint
      And a connected client
      When the client asks the question aloud
      And the client asks the question aloud again
      # 30 and 128 tokens in at 0.60 and 10.00 a million, 28 and 140 out at 2.40 and 20.00, 8 seconds at 0.0045 a minute.
      Then the session has cost 0.0047652 US dollars

    @unit
    Scenario: Another table of prices takes the place of the vendor's
      Given the GA endpoint
      And a connected client
      When the client asks the question aloud
      Then the session has cost 0.000084 US dollars at 1 US dollar for a million tokens of text and audio put out

    @unit
    Scenario: A model without a known price has no cost, and no guess in its place
      Given the GA endpoint
      And a client whose model is "gpt-realtime"
      And a connected client
      When the client asks the question aloud
      And the client tries to learn what the session has cost
      Then the attempt fails because the price is unknown
      And the error says "gpt-realtime"
