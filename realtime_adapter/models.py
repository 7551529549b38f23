"""The models used when the caller names none, in one place because they are withdrawn by date.

Both are the ones this protocol was proven with on the live endpoint (2026-06-04), and are kept on purpose.
The vendor has announced when they end:

* ``gpt-realtime-mini`` on 2027-01-20; its replacement is ``gpt-realtime-2.1-mini``.
* ``gpt-4o-transcribe`` on 2027-02-26; its replacement is a current transcription model such as
  ``gpt-transcribe``.
"""

DEFAULT_MODEL = "gpt-realtime-mini"
DEFAULT_TRANSCRIPTION_MODEL = "gpt-4o-transcribe"
