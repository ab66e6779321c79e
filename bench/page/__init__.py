"""The page in Chromium: on a desktop and a slowed phone, and over a slow network."""
