@CAP-IMAGES
Feature: Images shown to the model
  An image is a message of the user, like speech and text, and is answered like them.

  Rule: An image is one message of the user, answered at once

    @unit
    Scenario Outline: A <kind> image with words beside it is one message
      Given the GA endpoint
      And a connected client
      When the client shows a <kind> image and says "What is on the menu?"
      And the client hears the answer
      Then the whole answer is heard
      And the message sent shows the <kind> image beside "What is on the menu?"
      And the client has sent "response.create" once
      And the endpoint has refused nothing

      Examples:
        | kind |
        | PNG  |
        | JPEG |

    @unit
    Scenario: An image can be shown without words
      Given the GA endpoint
      And a connected client
      When the client shows a PNG image without words
      And the client hears the answer
      Then the whole answer is heard
      And the message sent shows the PNG image alone
      And the endpoint has refused nothing

    @unit
    Scenario: An image shown while an answer comes is answered after it
      Given an endpoint that pauses after 2 slices of its answer
      And a connected client
      When the client asks the question aloud and hears 2 slices
      And the client shows a PNG image without words
      And the endpoint goes on
      And the client hears the rest
      And the client hears the answer
      Then the whole answer is heard
      And the whole second answer is heard
      And the endpoint has refused nothing

  Rule: What is no image is refused before it is sent

    @unit
    Scenario: A file of another kind is refused with the kinds that there are
      Given the GA endpoint
      And a connected client
      When the client tries to show a GIF image
      Then the attempt fails because a value cannot be used
      And the error says "neither a PNG nor a JPEG"
      When the client asks the question aloud
      Then the whole answer is heard
