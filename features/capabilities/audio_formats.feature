@CAP-AUDIO-FORMATS
Feature: Audio in other forms
  A telephone speaks G.711 at 8 kHz, a browser's microphone 48 kHz. The client converts what comes in and what goes
  out. Each form is made, and judged, by a converter that is not the client's.

  Rule: What comes in another form is heard as it was said

    @unit
    Scenario Outline: A question that comes as <form>
      Given the GA endpoint
      And a connected client
      When the client asks the question that comes as <form>
      Then the whole answer is heard
      And the endpoint has heard speech that is like the question

      Examples:
        | form                |
        | G.711 µ-law, 8 kHz  |
        | G.711 A-law, 8 kHz  |
        | PCM16, 8 kHz        |
        | PCM16, 16 kHz       |
        | PCM16, 48 kHz       |

    @unit
    Scenario: A question that comes as the client's own form is not touched
      Given the GA endpoint
      And a connected client
      When the client asks the question that comes as PCM16, 24 kHz
      Then the endpoint has heard the question byte for byte

  Rule: The answer can be had in another form

    @unit
    Scenario Outline: The answer as <form>
      Given the GA endpoint
      And a connected client
      When the client asks the question aloud
      Then the answer as <form> has <bytes> bytes a second and is like the answer

      Examples:
        | form                | bytes |
        | G.711 µ-law, 8 kHz  | 8000  |
        | G.711 A-law, 8 kHz  | 8000  |
        | PCM16, 8 kHz        | 16000 |
        | PCM16, 16 kHz       | 32000 |
        | PCM16, 24 kHz       | 48000 |
        | PCM16, 48 kHz       | 96000 |

    @unit
    Scenario Outline: The answer as <form> is the same, slice by slice
      Given the GA endpoint
      And a connected client
      When the client asks the question aloud
      Then the answer as <form> is the same when it is converted slice by slice

      Examples:
        | form                |
        | G.711 µ-law, 8 kHz  |
        | PCM16, 16 kHz       |
        | PCM16, 48 kHz       |
