@CAP-RECORDING
Feature: Recording a conversation
  A conversation becomes one WAV file: the user on the left channel, the agent on the right, each where it was in time.

  Rule: What was said and what was heard lies on its own channel, in the order of the conversation

    @unit
    Scenario: Two questions and their answers
      Given the GA endpoint
      And a client that records
      When the client asks the question aloud
      And the client asks the question aloud again
      And the client hangs up
      Then the recording is a WAV file of 2 channels at 24 kHz
      And it holds, one after the other
        | channel | speech       |
        | user    | the question |
        | agent   | the answer   |
        | user    | the question |
        | agent   | the answer   |

    @unit
    Scenario: An answer that is interrupted is recorded as far as it was heard
      Given an endpoint that pauses after 2 slices of its answer
      And a client that records
      When the client asks the question aloud and hears 2 slices
      And the client interrupts
      And the client hears the rest
      And the client hangs up
      Then it holds, one after the other
        | channel | speech                       |
        | user    | the question                 |
        | agent   | 200 ms of the answer's start |

    @unit
    Scenario: Where the endpoint takes the turns
      Given the GA endpoint
      And a client whose turns are taken by silence
      And a client that records
      When the client speaks the question and falls silent for 1,000 ms
      And the client hears the answer
      And the client hangs up
      Then it holds, one after the other
        | channel | speech       |
        | user    | the question |
        | agent   | the answer   |

    @unit
    Scenario: The recording can be read while the conversation goes on
      Given the GA endpoint
      And a client that records
      When the client asks the question aloud
      Then it holds, one after the other
        | channel | speech       |
        | user    | the question |
        | agent   | the answer   |
