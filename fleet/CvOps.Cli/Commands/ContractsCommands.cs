using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using CvOps.Contracts;
using CvOps.Contracts.Schemas;

namespace CvOps.Cli.Commands;

/// <summary><c>cvops contracts</c>: what travels over MQTT, for whoever writes a program that reads it. Needs no fleet and no repository.</summary>
internal static class ContractsCommands
{
    public static Command All() => new("contracts", "What devices say over MQTT: topics, JSON Schemas, the AsyncAPI document.") { List(), Schema(), AsyncApi(), Compare() };

    private static Command List()
    {
        var command = new Command("list", "Every topic with its message, who writes it and whether it is retained.");
        command.SetAction((_, _) => FleetCommand.Guard(() =>
        {
            foreach (var rule in TopicCatalog.All)
            {
                var from = rule.Direction == TopicDirection.FromDevice ? "device" : "fleet";
                Console.WriteLine($"{rule.Address,-52} {rule.Message.Name,-20} from {from,-6} {(rule.Retained ? "retained" : "        ")}  {rule.Summary}");
            }
            return Task.FromResult(ExitCodes.Ok);
        }));
        return command;
    }

    private static Command Schema()
    {
        var name = new Argument<string>("name") { Description = "A message, such as InspectionReport, or the beginning of its topic, such as inspection; 'cvops contracts list' has them." };
        var command = new Command("schema", "A message's JSON Schema (2020-12), with examples.") { name };
        command.SetAction((parsed, _) => FleetCommand.Guard(() =>
        {
            var asked = parsed.GetValue(name)!;
            Console.Write(ContractDocuments.Schema(asked) ?? throw new CliException($"There is no message '{asked}'; there are {string.Join(", ", ContractDocuments.Names)}.", ExitCodes.Configuration));
            return Task.FromResult(ExitCodes.Ok);
        }));
        return command;
    }

    private static Command AsyncApi()
    {
        var command = new Command("asyncapi", "The AsyncAPI 3.0 document of all topics (JSON): for code generators and documentation.");
        command.SetAction((_, _) => FleetCommand.Guard(() =>
        {
            Console.Write(ContractDocuments.AsyncApi);
            return Task.FromResult(ExitCodes.Ok);
        }));
        return command;
    }

    private static Command Compare()
    {
        var file = new Argument<FileInfo>("asyncapi.json") { Description = "The document your program was written against, as 'cvops contracts asyncapi' of that version printed it." }.AcceptExistingOnly();
        var command = new Command("compare", "Say what of an earlier contract this version breaks. Ends with 0 when nothing, 1 otherwise.") { file };
        command.SetAction((parsed, _) => FleetCommand.Guard(() =>
        {
            var path = parsed.GetValue(file)!.FullName;
            var breaks = Breaks(path);
            foreach (var sentence in breaks) Console.WriteLine(sentence);
            if (breaks.Count == 0) Console.WriteLine("Nothing is broken: what was there is there, as it was.");
            return Task.FromResult(breaks.Count == 0 ? ExitCodes.Ok : ExitCodes.Failed);
        }));
        return command;
    }

    private static IReadOnlyList<string> Breaks(string path)
    {
        try
        {
            return ContractComparison.Breaks(JsonNode.Parse(File.ReadAllText(path)) ?? new JsonObject(), JsonNode.Parse(ContractDocuments.AsyncApi)!);
        }
        catch (Exception e) when (e is FormatException or JsonException or InvalidOperationException)
        {
            throw new CliException($"{path} can't be compared: {e.Message}", ExitCodes.Configuration);
        }
    }
}
