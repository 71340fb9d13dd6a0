namespace CvOps.Contracts.Packages;

/// <summary>Whether a package's documents make sense by themselves and together.</summary>
internal static class PackageRule
{
    /// <returns>The first thing wrong, as the end of a sentence; null when sound.</returns>
    public static string? Problem(PackageDocuments documents, IReadOnlyDictionary<string, PackageEntry> entries) =>
        Missing(documents) ?? OfManifest(documents.Manifest) ?? OfProfile(documents.Profile) ?? OfGolden(documents.Golden, documents.Manifest.Input.ElementType, entries);

    /// <summary>JSON may say null inside a list, or leave a record's part out, where no type of ours does.</summary>
    private static string? Missing(PackageDocuments documents)
    {
        var (manifest, profile, golden, _) = documents;
        if (HasNull(manifest.Classes) || HasNull(manifest.RejectClasses) || HasNull(manifest.Decoder.Outputs) || HasNull(manifest.Decoder.Keypoints) || HasNull(manifest.Input.Roi)) return "the manifest has a list with nothing in one of its places.";
        if (profile.Histograms.Values.Any(histogram => histogram is not { Edges: not null, Counts: not null })) return "the profile has a histogram without edges or counts.";
        if (golden.Vectors is null || HasNull(golden.Vectors)) return "its golden vectors are missing.";
        return golden.Vectors.All(vector => vector is { Input: not null, Outputs: not null, Decoded: not null } && vector.Outputs.All(output => output is { Name: not null, Shape: not null, File: not null }))
            ? null
            : "a golden vector lacks its input, its outputs or what they decode to.";
    }

    private static bool HasNull<T>(IReadOnlyList<T>? list)
        where T : class => list?.Any(item => item is null) == true;

    private static string? OfManifest(ModelManifest manifest)
    {
        if (manifest.Format != 1) return $"the manifest has form {manifest.Format}, and this version reads form 1.";
        if (!Identifier.IsValid(manifest.Name)) return $"the model's name '{manifest.Name}' is not an identifier.";
        if (!Identifier.IsValid(manifest.Version)) return $"the model's version '{manifest.Version}' is not an identifier.";
        if (manifest.Classes.Count is 0 or > Limits.Classes) return $"the manifest names {manifest.Classes.Count} classes; 1 to {Limits.Classes} are allowed.";
        if (manifest.Classes.Any(string.IsNullOrWhiteSpace) || manifest.Classes.Distinct().Count() != manifest.Classes.Count) return "the manifest names a class twice, or one without a name.";
        if (manifest.RejectClasses.FirstOrDefault(c => !manifest.Classes.Contains(c)) is { } unknown) return $"the reject class '{unknown}' is not among the classes.";
        if (manifest.LatencyLimitMs is <= 0) return "the manifest's latency limit is not above 0.";
        return InputRule.Problem(manifest.Input) ?? OfDecoder(manifest.Decoder);
    }

    private static string? OfDecoder(DecoderSpec decoder)
    {
        if (decoder.Outputs.Count == 0 || decoder.Outputs.Any(string.IsNullOrEmpty)) return "the manifest's decoder does not name the model's outputs.";
        if (decoder.ScoreThreshold is not (>= 0 and <= 1) || decoder.IouThreshold is not (>= 0 and <= 1)) return "the manifest's thresholds must lie between 0 and 1.";
        return decoder.Strides.Any(s => s < 1) ? "the manifest has a stride below 1." : null;
    }

    private static string? OfProfile(ReferenceProfile profile)
    {
        if (profile.Format != 1) return $"the profile has form {profile.Format}, and this version reads form 1.";
        if (profile.Frames < 0 || profile.Classes.Values.Any(c => c < 0)) return "the profile has a count below 0.";
        foreach (var (name, histogram) in profile.Histograms)
        {
            if (histogram.Edges.Count is 0 or >= Limits.HistogramBins) return $"the profile's {name} has {histogram.Edges.Count} edges; 1 to {Limits.HistogramBins - 1} are allowed.";
            if (histogram.Counts.Count != histogram.Edges.Count + 1) return $"the profile's {name} has {histogram.Counts.Count} counts for {histogram.Edges.Count} edges.";
            if (!histogram.Edges.All(double.IsFinite) || histogram.Edges.Zip(histogram.Edges.Skip(1)).Any(pair => pair.First >= pair.Second)) return $"the profile's {name} has edges that do not rise.";
            if (histogram.Counts.Any(c => c < 0) || !double.IsFinite(histogram.Mean)) return $"the profile's {name} has a count below 0 or a mean that is no number.";
        }

        return profile.Embedding is { } embedding ? OfEmbedding(embedding) : null;
    }

    private static string? OfEmbedding(EmbeddingReference embedding)
    {
        var dimensions = embedding.Mean?.Count ?? 0;
        if (dimensions is 0 or > Limits.EmbeddingNumbers) return $"the profile's embedding has {dimensions} numbers; 1 to {Limits.EmbeddingNumbers} are allowed.";
        if (embedding.Directions is not { } directions || embedding.Variances?.Count != directions.Count || directions.Count > dimensions || directions.Any(direction => direction?.Count != dimensions))
            return $"the profile's embedding has directions that are not of {dimensions} numbers and a variance each.";
        if (embedding.Projections is < 0 or >= Limits.HistogramBins) return $"the profile's embedding has {embedding.Projections} projections; 0 to {Limits.HistogramBins - 1} are allowed.";
        return embedding.Mean!.All(float.IsFinite) && directions.All(direction => direction.All(float.IsFinite)) && embedding.Variances.Append(embedding.Rest).All(variance => variance >= 0 && double.IsFinite(variance))
            ? null
            : "the profile's embedding has a number that is none, or a variance below 0.";
    }

    private static string? OfGolden(GoldenVectors golden, ElementType element, IReadOnlyDictionary<string, PackageEntry> entries)
    {
        if (golden.Vectors.Count == 0) return "it has no golden vectors.";
        if (golden.Tolerance is not (> 0 and < 1)) return "the tolerance of its golden vectors is not between 0 and 1.";
        var named = golden.Vectors.SelectMany(v => v.Outputs.Select(o => o.File).Prepend(v.Input)).ToHashSet();
        if (named.FirstOrDefault(name => !PackageNames.IsTensor(name) || !entries.ContainsKey(name)) is { } missing) return $"its golden vectors name {missing}, which it does not hold.";
        if (entries.Keys.FirstOrDefault(name => PackageNames.IsTensor(name) && !named.Contains(name)) is { } spare) return $"no golden vector names {spare}.";
        foreach (var output in golden.Vectors.SelectMany(v => v.Outputs))
        {
            if (!HasElement(output.File, ElementType.Float32)) return $"{output.File} is an output; outputs are kept as float32, .f32.";
            // Compared as doubles, for a product of dimensions can pass the range of a long.
            var bytes = output.Shape.Aggregate(4.0, (product, side) => side < 0 ? double.NaN : product * side);
            if (bytes != entries[output.File].Size) return $"the size of {output.File} does not fit its shape.";
        }

        if (golden.Vectors.FirstOrDefault(v => !HasElement(v.Input, element)) is { } other) return $"{other.Input} is an input, and the manifest's input is {element}: its name must end in {PackageNames.Tensor("", element)[^3..]}.";
        // An output may hold nothing: a model that suppresses for itself and found no box.
        if (golden.Vectors.FirstOrDefault(v => entries[v.Input].Size is 0) is { } empty) return $"{empty.Input} is empty.";
        return named.FirstOrDefault(name => entries[name].Size % BytesOf(name) != 0) is { } odd ? $"{odd} is not a row of {BytesOf(odd)}-byte numbers." : null;
    }

    private static bool HasElement(string name, ElementType element) => PackageNames.TryElementOf(name, out var found) && found == element;

    private static int BytesOf(string name) => HasElement(name, ElementType.Float32) ? 4 : HasElement(name, ElementType.Float16) ? 2 : 1;
}
