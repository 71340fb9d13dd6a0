using CvOps.Agent.Integrations.HomeAssistant;
using CvOps.Agent.Integrations.Sparkplug;

namespace CvOps.Agent.Integrations;

/// <summary>What the device says in other systems' own words, beside its own topics. Nothing unless asked for.</summary>
internal sealed record IntegrationsOptions
{
    public const string Section = "integrations";

    public SparkplugOptions? Sparkplug { get; init; }

    public HomeAssistantOptions? HomeAssistant { get; init; }
}
