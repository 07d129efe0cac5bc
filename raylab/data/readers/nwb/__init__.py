"""What is special about NWB files: series with clocks and conversions, tables, intervals."""
