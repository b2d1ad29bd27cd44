"""What Roadblock serves to others, and only when it is told to: a control vantage."""
