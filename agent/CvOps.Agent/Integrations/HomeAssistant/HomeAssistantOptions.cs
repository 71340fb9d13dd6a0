namespace CvOps.Agent.Integrations.HomeAssistant;

/// <summary>MQTT discovery of Home Assistant, on the device's own broker. It has nothing to choose: <c>home-assistant: {}</c> turns it on.</summary>
internal sealed record HomeAssistantOptions;
