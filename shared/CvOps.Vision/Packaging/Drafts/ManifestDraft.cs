using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using CvOps.Contracts;
using CvOps.Contracts.Packages;
using CvOps.Vision.Decoders;

namespace CvOps.Vision.Packaging.Drafts;

/// <summary>
/// A manifest for a model that somebody else made: what its graph, its metadata and a run of it tell is filled in, and where they do not tell
/// there is a mark (<see cref="ManifestMarks"/>). Nothing is guessed that would inspect wrongly without anyone noticing.
/// </summary>
public static class ManifestDraft
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="name">What the model shall be called; what is no <see cref="Identifier"/> in it is replaced.</param>
    /// <returns>JSON.</returns>
    /// <exception cref="ModelException">The runtime can't load the model, or nothing in it can be a picture.</exception>
    public static string Create(byte[] onnx, string name)
    {
        using var facts = OnnxFacts.Open(onnx);
        var metadata = ExporterMetadata.Read(facts.Metadata);
        var input = InputDraft.Of(facts, metadata);
        var answers = input.Shape is { } shape ? facts.Try(input.Picture, shape, input.Highest) : null;
        var guess = DecoderGuess.Of(answers ?? [.. facts.Outputs.Select(output => new OnnxAnswer(output.Name, output.Shape, []))], metadata, input.Side);
        ModelTask? task = guess.Kind is { } kind ? DecoderRule.TaskOf(kind) : null;
        var draft = new JsonObject
        {
            ["format"] = 1,
            ["name"] = Identified(name),
            ["version"] = "1",
            ["task"] = task?.ToString() ?? ManifestMarks.Mark(string.Join(", ", Enum.GetNames<ModelTask>()) + ": the one that fits the decoder's kind"),
            ["input"] = input.Json,
            ["decoder"] = Decoder(guess, metadata),
            ["classes"] = Classes(guess, metadata),
            ["rejectClasses"] = ManifestMarks.Mark("which of the classes reject a part, [\"...\"]; [] for none"),
        };
        return draft.ToJsonString(Readable) + "\n";
    }

    private static JsonObject Decoder(DecoderGuess guess, ExporterMetadata metadata)
    {
        var decoder = new JsonObject
        {
            ["kind"] = guess.Kind?.ToString() ?? ManifestMarks.Mark($"the form of the outputs, one of {string.Join(", ", Enum.GetNames<DecoderKind>())}; {guess.Hint}"),
            ["outputs"] = List(guess.Outputs),
        };
        if (guess.Embedding is { } embedding) decoder["embedding"] = embedding;
        if (guess.Strides is { } strides) decoder["strides"] = new JsonArray([.. strides.Select(stride => (JsonNode)stride)]);
        if (guess.Kind == DecoderKind.YoloPose) decoder["keypoints"] = ManifestMarks.Mark($"names of the {metadata.Keypoints?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "model's"} keypoints, in the model's order, [\"...\"]");
        if (guess.Kind == DecoderKind.AnomalyMap) decoder["anomaly"] = ManifestMarks.Mark("where normal ends, {\"threshold\": ..., \"lowest\": ..., \"highest\": ...}, as found when the model was tried on good and bad pictures");
        return decoder;
    }

    private static JsonNode Classes(DecoderGuess guess, ExporterMetadata metadata)
    {
        if (metadata.Names is { } names)
        {
            return guess.Classes is { } count && count != names.Count
                ? ManifestMarks.Mark($"the model's metadata names {names.Count} classes, its outputs tell of {count}: say which, in the model's order, [\"...\"]")
                : List(names);
        }

        return guess.Kind == DecoderKind.AnomalyMap ? List(["normal", "anomalous"])
            : ManifestMarks.Mark(guess.Classes is { } outputs ? $"names of the {outputs} classes, in the model's order, [\"...\"]" : "names of the classes, in the model's order, [\"...\"]");
    }

    private static JsonArray List(IEnumerable<string> words) => new([.. words.Select(word => (JsonNode)word)]);

    private static string Identified(string name)
    {
        var text = new string([.. name.Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' ? c : '-')]).TrimStart('.');
        return text.Length == 0 ? "model" : text[..Math.Min(text.Length, Identifier.MaxLength)];
    }
}
