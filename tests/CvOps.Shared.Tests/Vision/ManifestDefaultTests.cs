using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Packages;

namespace CvOps.Shared.Tests.Vision;

public sealed class ManifestDefaultTests
{
    [Fact]
    public void A_manifest_that_leaves_out_what_has_a_default_gets_the_default()
    {
        const string json = """
            {"name":"m","version":"1","task":"Classification","input":{"name":"x","width":8,"height":8},
             "decoder":{"kind":"Logits","outputs":["y"]},"classes":["a","b"]}
            """;
        var manifest = JsonSerializer.Deserialize(json, ContractsJson.Default.ModelManifest)!;
        Assert.Equal(1, manifest.Format);
        Assert.Empty(manifest.RejectClasses);
        Assert.Equal([0, 0, 0], manifest.Input.Mean);
        Assert.Equal([255, 255, 255], manifest.Input.Std);
        Assert.Equal(114, manifest.Input.Pad);
        Assert.Equal(0.4, manifest.Decoder.ScoreThreshold);
        Assert.Equal(0.5, manifest.Decoder.IouThreshold);
        Assert.Empty(manifest.Decoder.Strides);
    }

    [Theory]
    [InlineData(typeof(ModelManifest))]
    [InlineData(typeof(InputSpec))]
    [InlineData(typeof(DecoderSpec))]
    [InlineData(typeof(Guardrails))]
    [InlineData(typeof(RolloutPlan))]
    public void Wire_records_give_no_init_only_property_a_default(Type type)
    {
        var blank = System.Runtime.CompilerServices.RuntimeHelpers.GetUninitializedObject(type);
        var made = Activator.CreateInstance(type)!;
        foreach (var property in type.GetProperties().Where(p => p.SetMethod is { } set && set.ReturnParameter.GetRequiredCustomModifiers().Length > 0))
            Assert.True(Equals(property.GetValue(blank), property.GetValue(made)), $"{type.Name}.{property.Name} has a default that JSON without it would lose; give it a setter.");
    }
}
