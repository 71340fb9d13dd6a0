using System.CommandLine;
using CvOps.Vision.Packaging.Drafts;

namespace CvOps.Cli.Commands;

/// <summary><c>cvops model init</c></summary>
internal static class ModelInitCommand
{
    public static Command Create()
    {
        var onnx = new Argument<FileInfo>("onnx") { Description = "A model that somebody else made." }.AcceptExistingOnly();
        var output = new Option<FileInfo>("--out") { Description = "The manifest to write; an existing file is not overwritten.", DefaultValueFactory = _ => new FileInfo("manifest.json") };
        var name = new Option<string?>("--name") { Description = "What the model shall be called; the file's name without this." };
        var command = new Command("init", "Begin a manifest from what an ONNX file's graph and metadata tell. What they do not tell is marked with a \"?\" for you to replace; 'pack' refuses while a mark is left.") { onnx, output, name };
        command.SetAction((parsed, _) => FleetCommand.Guard(() =>
        {
            var (model, target) = (parsed.GetValue(onnx)!, parsed.GetValue(output)!.FullName);
            if (File.Exists(target)) throw new CliException($"{target} exists already and is not overwritten; name another with --out.", ExitCodes.Configuration);
            var json = ManifestDraft.Create(File.ReadAllBytes(model.FullName), parsed.GetValue(name) ?? Path.GetFileNameWithoutExtension(model.Name));
            File.WriteAllText(target, json);
            var marks = ManifestMarks.Find(json);
            Console.WriteLine(marks.Count == 0 ? target : $"{target}: replace {marks.Count} mark{(marks.Count == 1 ? "" : "s")}, then 'cvops model pack'");
            foreach (var mark in marks) Console.WriteLine($"  {mark}");
            return Task.FromResult(ExitCodes.Ok);
        }));
        return command;
    }
}
