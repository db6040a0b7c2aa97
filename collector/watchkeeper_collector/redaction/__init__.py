"""Taking secrets and personal data out of telemetry at the door, by the policy of its project.

The detectors are the SDK's. ``policy`` is what may be asked for, ``screen`` a policy at work on names and
values, ``policies`` which screen a project has at the moment.
"""
