using CvOps.Agent.Actuation;
using CvOps.Agent.Integrations;
using CvOps.Agent.Integrations.HomeAssistant;
using CvOps.Agent.Link.IotHub;
using CvOps.Agent.Tracking;
using CvOps.Agent.Update;
using CvOps.Agent.Zones;
using CvOps.Contracts;

namespace CvOps.Agent.Configuration;

/// <summary>
/// Rules between sections, and between fields and the machine. Ranges of one field stand on its property. What is missing or mistyped is
/// already reported and null here: these rules add to the list, so that one look at it is enough.
/// </summary>
internal static class Relations
{
    public static void Check(AgentOptions options, YamlBinder mistakes)
    {
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < (options.Cameras?.Count ?? 0); i++)
        {
            var id = options.Cameras![i].Id.Value;
            if (id.Length == 0 || seen.TryAdd(id, i)) continue;
            mistakes.Add($"cameras[{i}].id", $"'{id}' is also the id of the camera in line {mistakes.LineOf($"cameras[{seen[id]}].id")}; give each camera its own");
        }
        CheckActuation(options, mistakes);
        OneEntryACamera(options, TrackingOptions.Section, [.. options.Tracking.Select(it => it.Camera)], mistakes);
        OneEntryACamera(options, ZonesOptions.Section, [.. options.Zones.Select(it => it.Camera)], mistakes);
        if (options.Model.Package is { } package && !File.Exists(package))
        {
            mistakes.Add("model.package", $"the file '{package}' does not exist; name a .cvmodel or remove the key");
        }
        if (options.Health.Listen != "off" && !System.Net.IPEndPoint.TryParse(options.Health.Listen, out _))
        {
            mistakes.Add("health.listen", $"'{options.Health.Listen}' is not an IP address and port; write one such as 127.0.0.1:9464, or off");
        }
        CheckUpdate(options.Update, mistakes);
        CheckHomeAssistant(options, mistakes);
        if (options.Link?.Iothub?.ConnectionString is { } file && IotHubConnectionString.Read(file).Value is { } hub && hub.Device != options.Device.Value)
        {
            mistakes.Add("link.iothub.connection-string", $"the connection string in '{file}' is for the device '{hub.Device}', and this device is '{options.Device}'; they must have one name");
        }
    }

    private static void CheckHomeAssistant(AgentOptions options, YamlBinder mistakes)
    {
        if (options.Integrations.HomeAssistant is null) return;
        const string Path = $"{IntegrationsOptions.Section}.home-assistant";
        if (options.Link?.Iothub is not null) mistakes.Add(Path, "Home Assistant reads the device's topics at an MQTT broker, and this device talks to an IoT Hub; remove one of them");
        var names = (options.Cameras ?? []).Select(camera => camera.Id.Value).Prepend(options.Device.Value);
        if (names.FirstOrDefault(name => !DiscoveryRule.IsName(name)) is { } name) mistakes.Add(Path, $"'{name}' can't be a name in Home Assistant, which takes letters, digits, '-' and '_'; rename it or remove the key");
    }

    private static void CheckUpdate(UpdateOptions update, YamlBinder mistakes)
    {
        if (update.Serve != UpdateOptions.Off && !System.Net.IPEndPoint.TryParse(update.Serve, out _))
        {
            mistakes.Add("update.serve", $"'{update.Serve}' is not an IP address and port; write one such as 0.0.0.0:8091, or off");
        }
        for (var i = 0; i < update.Neighbours.Count; i++)
        {
            if (update.Neighbours[i].Scheme is not ("http" or "https")) mistakes.Add($"update.neighbours[{i}]", $"'{update.Neighbours[i]}' is no http address; write one such as http://edge-2:8091");
        }
    }

    private static void CheckActuation(AgentOptions options, YamlBinder mistakes)
    {
        OneEntryACamera(options, ActuationOptions.Section, [.. options.Actuation.Select(it => it.Camera)], mistakes);
        var pins = new Dictionary<(int Chip, int Pin), string>();
        for (var i = 0; i < options.Actuation.Count; i++)
        {
            var (actuation, path) = (options.Actuation[i], $"{ActuationOptions.Section}[{i}]");
            foreach (var (key, pin) in actuation.Pins())
            {
                if (!pins.TryAdd((actuation.Chip, pin), $"{path}.{key}")) mistakes.Add($"{path}.{key}", $"pin {pin} is also {pins[(actuation.Chip, pin)]}; give each its own");
            }
        }
        if (options.Update.WhenIdle is { Pin: { } signal } idle && pins.TryGetValue((idle.Chip, signal), out var taken))
        {
            mistakes.Add("update.when-idle.pin", $"pin {signal} is also {taken}; give each its own");
        }
    }

    private static void OneEntryACamera(AgentOptions options, string section, IReadOnlyList<CameraId> entries, YamlBinder mistakes)
    {
        for (var i = 0; i < entries.Count; i++)
        {
            var (camera, path) = (entries[i], $"{section}[{i}].camera");
            if (camera.Value.Length == 0) continue;
            if (options.Cameras is { } cameras && !cameras.Any(it => it.Id == camera)) mistakes.Add(path, $"there is no camera '{camera}'; the cameras are {string.Join(", ", cameras.Select(it => it.Id))}");
            if (entries.Take(i).Contains(camera)) mistakes.Add(path, $"'{camera}' has an entry already; put everything of a camera into one");
        }
    }
}
