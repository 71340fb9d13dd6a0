using System.Text.Json.Nodes;
using CvOps.Contracts;

namespace CvOps.Agent.Integrations.HomeAssistant;

/// <summary>
/// What Home Assistant needs to show a device and its cameras without anybody configuring it: for each entity a retained document that points at the device's
/// own topics. Nothing else is published for it. Pure.
/// </summary>
internal static class DiscoveryRule
{
    /// <summary>Where Home Assistant says that it started, and wants everything again.</summary>
    public const string StatusTopic = "homeassistant/status";

    public const string Started = "online";

    private const string Root = "homeassistant";

    /// <summary>A name that may stand in a discovery topic.</summary>
    public static bool IsName(string text) => text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');

    /// <summary>Topic and document of each entity.</summary>
    public static IReadOnlyDictionary<string, JsonObject> Of(SiteId site, DeviceId device, string agentVersion, IEnumerable<CameraId> cameras)
    {
        var topics = new Topics(site, device);
        var all = new Dictionary<string, JsonObject>(StringComparer.Ordinal);
        void Add(string component, string entity, string name, string stateTopic, string template, params (string Key, string Value)[] more)
        {
            var document = new JsonObject
            {
                ["name"] = name, ["unique_id"] = $"cvops_{device}_{entity}", ["state_topic"] = stateTopic, ["value_template"] = template,
                ["device"] = new JsonObject
                {
                    ["identifiers"] = new JsonArray($"cvops_{device}"), ["name"] = device.Value, ["manufacturer"] = "CvOps", ["model"] = "cvops-agent", ["sw_version"] = agentVersion, ["suggested_area"] = site.Value,
                },
            };
            foreach (var (key, value) in more) document[key] = value;
            all[$"{Root}/{component}/{device}/{entity}/config"] = document;
        }

        Add("binary_sensor", "online", "Online", topics.Status, "{{ 'ON' if value_json.connectivity == 'Online' else 'OFF' }}", ("device_class", "connectivity"), ("entity_category", "diagnostic"));
        foreach (var camera in cameras)
        {
            // What else there is to say needs the device to be there.
            (string, string)[] there = [("availability_topic", topics.Status), ("availability_template", "{{ 'online' if value_json.connectivity == 'Online' else 'offline' }}")];
            string From(string what) => $"{{% set found = value_json.cameras | selectattr('camera', 'eq', '{camera}') | list %}}{{{{ ({what}) if found else none }}}}";
            Add("sensor", $"{camera}_rejects", $"{camera} rejects", topics.Health, From("found[0].rejects | default(0)"), [("state_class", "total_increasing"), .. there]);
            Add("sensor", $"{camera}_inspections", $"{camera} inspections", topics.Health, From("found[0].framesInspected"), [("state_class", "total_increasing"), .. there]);
            Add("sensor", $"{camera}_fps", $"{camera} frames a second", topics.Health, From("found[0].fps | round(1)"), [("state_class", "measurement"), ("unit_of_measurement", "1/s"), .. there]);
            Add("sensor", $"{camera}_state", $"{camera} state", topics.Health, From("found[0].state"), [("entity_category", "diagnostic"), .. there]);
            Add("sensor", $"{camera}_class", $"{camera} last class", topics.Health, From("(found[0].last | default({})).class | default('none')"), there);
            Add("binary_sensor", $"{camera}_reject", $"{camera} last decision", topics.Health, From("'ON' if (found[0].last | default({})).reject | default(false) else 'OFF'"), [("device_class", "problem"), .. there]);
        }
        return all;
    }
}
