@CAP-OTHER-ADAPTERS
Feature: Another adapter under the same features
  The features judge whatever adapter they are given. The release that spoke the beta has to turn red for
  the reasons the migration was made for, and the newest one green but where it is known to differ.

  Rule: The release that spoke the beta is red in each of its layers, and says why

    @integration
    Scenario Outline: The beta's release <mended> is red on <criterion>
      Given the release of the beta
      When the migration's scenarios of <criterion> judge it <mended>
      Then the guard of the criterion is red
      And a reason is "<reason>"

      Examples:
        | mended                             | criterion | reason                  |
        | as it is                           | AC1       | beta_api_shape_disabled |
        | with its header mended             | AC2       | session.type            |
        | with its header and session mended | AC3       | TimeoutError            |

  Rule: The newest release is green but where it is named and explained that it differs

    @integration
    Scenario: The newest release is green on the 15 scenarios of the migration but for its documentation
      Given the newest release
      And the GA endpoint
      When the migration's scenarios judge it, the live ones on that endpoint
      Then 20 scenarios have judged it, an outline of 6 among the 15
      And it is green but on
        | scenario                                                              |
        | The documentation names the endpoint, the header and the events of GA |
      And every difference is named and explained

    @integration
    Scenario: Every other scenario in which the newest release differs is named and explained
      Given the newest release
      When every unit scenario of the criteria judges it
      Then every difference is named and explained
      And every difference that is explained is one
