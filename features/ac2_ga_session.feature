@AC2
Feature: GA session configuration
  The first thing the client asks for is a session in the GA shape. One setting in the shape of the
  retired beta makes the endpoint refuse all of them.

  Rule: The client asks for its session in the GA shape, first of all

    @unit @guard @migration
    Scenario: The first request configures the session in the GA shape
      Given the GA endpoint
      When the client connects
      Then the client's first event is "session.update"
      And the session asked for is exactly
        | setting             | value             |
        | session type        | realtime          |
        | input audio         | PCM16 at 24 kHz   |
        | input transcription | any known model   |
        | turn detection      | off               |
        | output audio        | PCM16 at 24 kHz   |
        | voice               | alloy             |

    @unit
    Scenario: Instructions and tools stand at the top of the session
      Given the GA endpoint
      And a client with the instructions "Answer in one sentence."
      And a client with the tool "opening_hours", which it has to use
      When the client connects
      Then the session asked for is exactly
        | setting             | value                   |
        | session type        | realtime                |
        | input audio         | PCM16 at 24 kHz         |
        | input transcription | gpt-transcribe          |
        | turn detection      | off                     |
        | output audio        | PCM16 at 24 kHz         |
        | voice               | alloy                   |
        | instructions        | Answer in one sentence. |
        | tools               | opening_hours           |
        | tool choice         | required                |

    @unit
    Scenario: The session is configured once, and nothing else is sent to open it
      Given the GA endpoint
      When the client connects
      And the client hangs up
      Then the client has sent exactly
        | event          |
        | session.update |

  Rule: The endpoint accepts the session as it was asked for

    @integration @migration
    Scenario: The GA endpoint accepts the configuration
      Given the GA endpoint
      When the client connects
      Then the session in force has
        | setting             | value             |
        | session type        | realtime          |
        | input audio         | PCM16 at 24 kHz   |
        | input transcription | any known model   |
        | turn detection      | off               |
        | output audio        | PCM16 at 24 kHz   |
        | voice               | alloy             |
      And the endpoint has refused nothing

    @unit
    Scenario Outline: The voice <voice> is in force once the client is connected
      Given the GA endpoint
      And a client with the voice "<voice>"
      When the client connects
      Then the session in force has
        | setting | value   |
        | voice   | <voice> |

      Examples:
        | voice |
        | marin |
        | cedar |

  Rule: A session that is not the one asked for is no connection

    @unit
    Scenario: A refused configuration fails the connection and names the parameter
      Given the GA endpoint
      And a client with a tool in the shape of chat completions
      When the client tries to connect
      Then the attempt fails because the session is refused
      And the error carries the code "missing_required_parameter"
      And the error says "session.tools[0].name"

    @unit
    Scenario Outline: An endpoint that puts another <setting> in force fails the connection
      Given an endpoint that puts another <setting> in force
      When the client tries to connect
      Then the attempt fails because the session is refused
      And the error says "<named>"

      Examples:
        | setting        | named                              |
        | voice          | session.audio.output.voice         |
        | turn detection | session.audio.input.turn_detection |

  Rule: The live endpoint accepts the session

    @e2e
    Scenario: The live endpoint accepts the configuration
      Given the live endpoint
      When the client connects
      Then the session in force has
        | setting             | value             |
        | session type        | realtime          |
        | input audio         | PCM16 at 24 kHz   |
        | input transcription | gpt-transcribe    |
        | turn detection      | off               |
        | output audio        | PCM16 at 24 kHz   |
        | voice               | alloy             |
      And the endpoint has refused nothing
