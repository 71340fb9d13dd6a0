using System.ComponentModel.DataAnnotations;

namespace CvOps.Fleet.Storage.Buckets;

/// <summary>A bucket of S3, or of what speaks like it: section <c>Fleet:Bucket</c>. Keys belong into the environment; without them AWS' own chain is asked (environment, profile, the machine's role).</summary>
internal sealed class BucketOptions
{
    /// <summary>The bucket; it is there already.</summary>
    [Required]
    public string Name { get; set; } = "";

    /// <summary>Where it is, for everything but AWS: <c>https://s3.plant-a.example</c>; null: AWS.</summary>
    public string? Endpoint { get; set; }

    public string Region { get; set; } = "us-east-1";

    /// <summary>Before each name, with its slash: <c>cvops/</c>.</summary>
    public string Prefix { get; set; } = "";

    public string? AccessKey { get; set; }

    public string? SecretKey { get; set; }

    public IEnumerable<string> Mistakes()
    {
        if (Name.Length == 0) yield return "Fleet__Bucket__Name is missing: the bucket that holds pictures and packages.";
        if (Endpoint is { } address && (!Uri.TryCreate(address, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))) yield return $"Fleet__Bucket__Endpoint '{address}' is no address; write it as https://s3.plant-a.example, or leave it out for AWS.";
        if (AccessKey is null != SecretKey is null) yield return "Fleet__Bucket__AccessKey and Fleet__Bucket__SecretKey belong together: give both, or none where the machine has a role of its own.";
    }
}
