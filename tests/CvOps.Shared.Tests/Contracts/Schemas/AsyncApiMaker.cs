using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using CvOps.Contracts;

namespace CvOps.Shared.Tests.Contracts.Schemas;

/// <summary>The AsyncAPI 3.0 document of <see cref="TopicCatalog"/>: a channel, a message and an operation for each kind of topic, the schemas as components.</summary>
internal static partial class AsyncApiMaker
{
    private const string MqttBinding = "0.2.0";

    private static readonly Dictionary<string, string> Parameters = new()
    {
        ["site"] = "The plant or building.",
        ["device"] = "The device, unique in the fleet; the common name of its certificate.",
        ["camera"] = "The camera, unique on its device.",
        ["frame"] = "The frame's id, unique in the fleet.",
        ["name"] = "The command's name, such as restart-camera.",
        ["id"] = "The command's id.",
        ["rule"] = "Name of the alert's rule.",
    };

    /// <param name="schemas">By record, as <see cref="SchemaMaker"/> makes them.</param>
    public static JsonObject Of(IReadOnlyDictionary<string, JsonObject> schemas)
    {
        var channels = new JsonObject();
        var operations = new JsonObject();
        var messages = new JsonObject();
        foreach (var rule in TopicCatalog.All)
        {
            var key = Key(rule);
            channels[key] = new JsonObject
            {
                ["address"] = rule.Address, ["description"] = rule.Summary, ["messages"] = new JsonObject { [rule.Message.Name] = Reference($"components/messages/{rule.Message.Name}") },
                ["parameters"] = new JsonObject(Braces().Matches(rule.Address).Select(found => found.Groups[1].Value)
                    .Select(name => KeyValuePair.Create(name, (JsonNode?)Reference($"components/parameters/{name}")))),
            };
            operations[key] = Operation(rule);
            messages[rule.Message.Name] = Message(rule, schemas[rule.Message.Name]);
        }
        return new JsonObject
        {
            ["asyncapi"] = "3.0.0",
            ["id"] = "urn:cvops:v1",
            ["info"] = new JsonObject
            {
                ["title"] = "CvOps", ["version"] = typeof(TopicCatalog).Assembly.GetName().Version!.ToString(3),
                ["description"] = "What a CvOps device says and hears over MQTT. Operations are the device's own: what it sends, a subscriber receives. Fields and topics are only added; read "
                    + "what you know and pass over the rest. Every message is JSON at QoS 1 and may arrive more than once: origin (device, boot, sequence), which is also the CloudEvents "
                    + "id, is the same each time. Messages that were spooled while the broker was away come late and in order.",
            },
            ["defaultContentType"] = TopicRule.ContentType,
            ["servers"] = new JsonObject
            {
                ["broker"] = new JsonObject
                {
                    ["host"] = "{host}:8883", ["protocol"] = "secure-mqtt", ["protocolVersion"] = "5.0",
                    ["description"] = "Any MQTT 5 broker. Everybody shows a certificate of the fleet's authority; a device publishes and reads under its own topics only.",
                    ["variables"] = new JsonObject { ["host"] = new JsonObject { ["description"] = "The broker's name.", ["default"] = "localhost" } },
                    ["security"] = new JsonArray(Reference("components/securitySchemes/certificate")),
                    ["bindings"] = new JsonObject
                    {
                        ["mqtt"] = new JsonObject
                        {
                            ["clientId"] = "{device}", ["cleanSession"] = false, ["keepAlive"] = 20,
                            ["lastWill"] = new JsonObject { ["topic"] = TopicCatalog.Of(TopicKind.Status).Address, ["qos"] = TopicRule.QoS, ["retain"] = true, ["message"] = "DeviceStatus with connectivity Offline" },
                            ["bindingVersion"] = MqttBinding,
                        },
                    },
                },
            },
            ["channels"] = channels, ["operations"] = operations,
            ["components"] = new JsonObject
            {
                ["messages"] = messages,
                ["parameters"] = new JsonObject(Parameters.Select(one => KeyValuePair.Create(one.Key, (JsonNode?)new JsonObject { ["description"] = one.Value }))),
                ["schemas"] = Components(schemas),
                ["messageTraits"] = new JsonObject { ["cloudEvent"] = CloudEvent() },
                ["securitySchemes"] = new JsonObject { ["certificate"] = new JsonObject { ["type"] = "X509", ["description"] = "A client certificate of the fleet's authority." } },
            },
        };
    }

    private static string Key(TopicRule rule) => char.ToLowerInvariant(rule.Kind.ToString()[0]) + rule.Kind.ToString()[1..];

    private static JsonObject Operation(TopicRule rule)
    {
        var sends = rule.Direction == TopicDirection.FromDevice;
        var operation = new JsonObject
        {
            ["action"] = sends ? "send" : "receive", ["channel"] = Reference($"channels/{Key(rule)}"), ["summary"] = rule.Summary,
            ["messages"] = new JsonArray(Reference($"channels/{Key(rule)}/messages/{rule.Message.Name}")),
            // Whoever sends decides on retain; the binding of a receiver has no place for it.
            ["bindings"] = new JsonObject { ["mqtt"] = sends
                ? new JsonObject { ["qos"] = TopicRule.QoS, ["retain"] = rule.Retained, ["bindingVersion"] = MqttBinding }
                : new JsonObject { ["qos"] = TopicRule.QoS, ["bindingVersion"] = MqttBinding } },
            ["x-retained"] = rule.Retained,
        };
        if (rule.Kind == TopicKind.Command)
            operation["reply"] = new JsonObject { ["channel"] = Reference("channels/response"), ["messages"] = new JsonArray(Reference("channels/response/messages/CommandResponse")) };
        return operation;
    }

    private static JsonObject Message(TopicRule rule, JsonObject schema) => new()
    {
        ["name"] = rule.Message.Name, ["title"] = rule.Message.Name, ["summary"] = rule.Summary, ["contentType"] = TopicRule.ContentType,
        ["payload"] = Reference($"components/schemas/{rule.Message.Name}"),
        ["traits"] = rule.Direction == TopicDirection.FromDevice ? new JsonArray(Reference("components/messageTraits/cloudEvent")) : [],
        ["bindings"] = new JsonObject { ["mqtt"] = new JsonObject { ["contentType"] = TopicRule.ContentType, ["bindingVersion"] = MqttBinding } },
        ["examples"] = new JsonArray([.. schema["examples"]!.AsArray().Select(example => (JsonNode)new JsonObject { ["payload"] = example!.DeepClone() })]),
        ["x-cloudevents-type"] = rule.EventType,
    };

    /// <summary>CloudEvents 1.0 in the binary mode of its MQTT binding: MQTT 5 user properties, which AsyncAPI calls headers.</summary>
    private static JsonObject CloudEvent() => new()
    {
        ["headers"] = new JsonObject
        {
            ["type"] = "object",
            ["description"] = "CloudEvents 1.0 attributes as MQTT 5 user properties, unless the device was told to leave them out.",
            ["properties"] = new JsonObject
            {
                ["specversion"] = new JsonObject { ["type"] = "string", ["const"] = "1.0" },
                ["id"] = Text("The same when a message is sent again: boot-sequence-stream of its origin, else what makes it the only one. A status is an event of its own each time."),
                ["source"] = Text("/cvops/{site}/{device}"),
                ["type"] = Text("The message's x-cloudevents-type."),
                ["subject"] = Text("The camera, where the topic has one."),
                ["time"] = new JsonObject { ["type"] = "string", ["format"] = "date-time", ["description"] = "When it happened: capture time, or the end of a window." },
                ["dataschema"] = Text("The $id of the payload's JSON Schema, such as urn:cvops:v1:InspectionReport."),
            },
        },
    };

    /// <summary>All definitions in one place, as AsyncAPI's own schema object (a superset of draft 07): beside a reference nothing else may stand there.</summary>
    private static JsonObject Components(IReadOnlyDictionary<string, JsonObject> schemas)
    {
        var all = new SortedDictionary<string, JsonNode?>(StringComparer.Ordinal);
        foreach (var (name, schema) in schemas)
        {
            var own = (JsonObject)schema.DeepClone();
            foreach (var keyword in new[] { "$schema", "$id", "examples", "$defs" }) own.Remove(keyword);
            all[name] = Rewritten(own);
            foreach (var (inner, definition) in schema["$defs"] as JsonObject ?? []) all[inner] = Rewritten(definition!.DeepClone());
        }
        return new JsonObject(all);
    }

    private static JsonNode Rewritten(JsonNode node)
    {
        switch (node)
        {
            case JsonObject one when (string?)one["$ref"] is { } target:
                var reference = Reference(target.Replace("#/$defs/", "components/schemas/", StringComparison.Ordinal));
                one.Remove("$ref");
                if (one.Count == 0) return reference;
                one["allOf"] = new JsonArray(reference);
                return one;
            case JsonObject one:
                foreach (var (name, value) in one.ToArray())
                {
                    if (value is null) continue;
                    one[name] = null;
                    one[name] = Rewritten(value);
                }
                return one;
            case JsonArray many:
                for (var i = 0; i < many.Count; i++)
                {
                    var value = many[i]!;
                    many[i] = null;
                    many[i] = Rewritten(value);
                }
                return many;
            default:
                return node;
        }
    }

    private static JsonObject Text(string words) => new() { ["type"] = "string", ["description"] = words };

    private static JsonObject Reference(string path) => new() { ["$ref"] = "#/" + path };

    [GeneratedRegex(@"\{(\w+)\}")]
    private static partial Regex Braces();
}
