using System.Globalization;

namespace CvOps.Simulator.Drawing;

/// <summary>The state of the line that is not chance.</summary>
/// <param name="Lamp">Light of the lamp, 1 is new, 0 is out.</param>
/// <param name="Blur">Standard deviation of the lens's blur, in pixels.</param>
internal sealed record LineCondition(double Lamp, double Blur, Product Product)
{
    public const double MaxBlur = 8;

    public static LineCondition New { get; } = new(1, 0, Product.Default);

    /// <summary>This condition with what is named changed; null keeps.</summary>
    /// <exception cref="SimulatorException">A value is out of range or the product unknown.</exception>
    public LineCondition With(double? lamp, double? blur, string? product)
    {
        if (lamp is { } light && light is not (>= 0 and <= 1)) throw new SimulatorException($"The lamp is {light.ToString(CultureInfo.InvariantCulture)}; it must be 0 to 1.");
        if (blur is { } sigma && sigma is not (>= 0 and <= MaxBlur)) throw new SimulatorException($"The blur is {sigma.ToString(CultureInfo.InvariantCulture)} pixels; it must be 0 to {MaxBlur}.");
        var made = Product;
        if (product is not null && !Product.TryFind(product, out made)) throw new SimulatorException($"There is no product '{product}'; the line makes {string.Join(", ", Product.Names)}.");
        return new LineCondition(lamp ?? Lamp, blur ?? Blur, made);
    }
}
