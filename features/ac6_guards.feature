@AC6
Feature: Guards against the retired beta
  The tests of the old adapter asserted the beta shape and stayed green while every live run was
  refused. Here each guard is run against a client that has gone back to the beta, and must go red.

  Rule: The guards assert the GA shape

    @unit @migration
    Scenario: The guard of the session passes on the GA shape and fails on the beta shape
      Given the guard of AC2
      When the guard runs against the client as it is
      Then the guard is green
      When the guard runs against a client that sends the beta session
      Then the guard is red because of "missing_required_parameter"

    @unit @migration
    Scenario: The guard of the audio hears GA event names only
      Given the guard of AC3
      When the guard runs against the client as it is
      Then the guard is green
      And the guard's endpoint has used no retired event name
      When the guard runs against a client that understands only the beta event names
      Then the guard is red because of "refused nothing; heard 0 bytes"

  Rule: Without a key, going back to the beta turns a guard red for the right reason

    @unit @migration
    Scenario Outline: A client that <regression> is caught by the guard of <criterion>
      Given the guard of <criterion>
      And no key in the environment
      When the guard runs against a client that <regression>
      Then the guard is red because of "<reason>"

      Examples:
        | regression                                | criterion | reason                         |
        | sends the beta header                     | AC1       | beta_api_shape_disabled        |
        | sends the beta session                    | AC2       | session.type                   |
        | sends one flat setting of the beta        | AC2       | session.voice                  |
        | names its audio format as the beta did    | AC2       | session.audio.input.format     |
        | leaves turn detection out                 | AC2       | audio.input.turn_detection is  |
        | understands only the beta event names     | AC3       | refused nothing; heard 0 bytes |

    @unit
    Scenario Outline: Mending only <mended> uncovers <next>
      Given the guard of <criterion>
      When the guard runs against a client of the beta with <mended> mended
      Then the guard is red because of "<reason>"

      Examples:
        | mended                      | next            | criterion | reason                         |
        | nothing                     | the header      | AC1       | beta_api_shape_disabled        |
        | the header                  | the session     | AC2       | session.type                   |
        | the header and the session  | the event names | AC3       | refused nothing; heard 0 bytes |

  Rule: What changes nothing on the wire leaves the guards green

    @unit
    Scenario Outline: The guard of <criterion> is green for a client that <change>
      Given the guard of <criterion>
      When the guard runs against a client that <change>
      Then the guard is green

      Examples:
        | criterion | change                               |
        | AC1       | sends an unrelated header            |
        | AC2       | orders the keys of its events anew   |
        | AC3       | is sent an unknown event now and then |
