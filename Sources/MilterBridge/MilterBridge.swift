// MilterBridge
