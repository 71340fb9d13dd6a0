namespace CvOps.Contracts.Schemas;

/// <summary>What a JSON Schema says of a value that its type does not: unit, range, form. Nothing checks it at run time; the schemas are generated from it.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
public sealed class WireAttribute : Attribute
{
    /// <summary>A unit's symbol, such as <c>ms</c>, <c>s</c>, <c>B</c>, <c>px</c>, <c>rad</c>, <c>1/s</c>; goes to <c>x-unit</c>.</summary>
    public string? Unit { get; init; }

    /// <summary>Least value; NaN: none is stated.</summary>
    public double Minimum { get; init; } = double.NaN;

    /// <summary>Greatest value; NaN: none is stated.</summary>
    public double Maximum { get; init; } = double.NaN;

    /// <summary>Regular expression (ECMA 262) of a text.</summary>
    public string? Pattern { get; init; }

    /// <summary>What a <see cref="Pattern"/> says of a SHA-256.</summary>
    public const string Sha256 = "^[0-9a-f]{64}$";

    /// <summary>What a <see cref="Pattern"/> says of an <see cref="Identifier"/>.</summary>
    public const string Name = "^[a-zA-Z0-9_-][a-zA-Z0-9_.-]{0,63}$";
}
