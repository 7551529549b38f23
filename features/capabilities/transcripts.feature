@CAP-TRANSCRIPTS
Feature: The words of the conversation
  What both sides have said can be read at any time, item by item, in the order of the conversation, however
  late and in whatever order the words come.

  Rule: What was said is read in the order of the conversation

    @unit
    Scenario: Both sides of two turns
      Given the GA endpoint
      And a connected client
      When the client asks the question aloud
      And the client asks the question aloud again
      And the client hangs up
      Then the conversation reads
        | speaker | words                                                | state |
        | user    | Hello, what time do you open tomorrow?               | final |
        | agent   | We open at nine in the morning, and we close at six. | final |
        | user    | Hello, what time do you open tomorrow?               | final |
        | agent   | We open at nine in the morning, and we close at six. | final |

    @unit
    Scenario: The user's words that come after the answer stand before it
      Given an endpoint that transcribes the user only after its answer
      And a connected client
      When the client asks the question aloud
      And the client hangs up
      Then the conversation reads
        | speaker | words                                                | state |
        | user    | Hello, what time do you open tomorrow?               | final |
        | agent   | We open at nine in the morning, and we close at six. | final |

    @unit
    Scenario: What was said in text stands in its place
      Given the GA endpoint
      And a connected client
      When the client says "When do you open?" in text
      And the client hears the answer
      And the client asks the question aloud
      And the client hangs up
      Then the conversation reads
        | speaker | words                                                | state |
        | user    | When do you open?                                    | final |
        | agent   | We open at nine in the morning, and we close at six. | final |
        | user    | Hello, what time do you open tomorrow?               | final |
        | agent   | We open at nine in the morning, and we close at six. | final |

    @unit
    Scenario: What the model writes is read like what it says
      Given an endpoint that answers "At nine, as always."
      And a client that asks for answers in writing
      And a connected client
      When the client says "When do you open?" in text
      And the client hears the answer
      And the client hangs up
      Then the conversation reads
        | speaker | words               | state |
        | user    | When do you open?   | final |
        | agent   | At nine, as always. | final |

    @unit
    Scenario: What is said beside the conversation is not in it
      Given an endpoint that answers "At nine, as always."
      And a connected client
      When the client asks beside the conversation
      And the client hangs up
      Then nothing was said in the conversation

  Rule: Words that are not all there are told from those that are

    @unit
    Scenario: An answer that still comes is read as far as it has come
      Given an endpoint that pauses after 2 slices of its answer
      And a connected client
      When the client says "When do you open?" in text
      And the client hears 2 slices
      Then the agent's words so far are the beginning of "We open at nine in the morning, and we close at six."

    @unit
    Scenario: Words that will not be known are told as such, and the others are not lost
      Given an endpoint that cannot transcribe the user
      And a connected client
      When the client asks the question aloud
      And the client hangs up
      Then the conversation reads
        | speaker | words                                                | state  |
        | user    |                                                      | failed |
        | agent   | We open at nine in the morning, and we close at six. | final  |
