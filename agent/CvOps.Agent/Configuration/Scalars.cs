using System.Globalization;
using CvOps.Contracts;

namespace CvOps.Agent.Configuration;

/// <summary>Turns the text of a YAML scalar into a value, or says in words what was expected.</summary>
internal static class Scalars
{
    /// <returns>The value, or null and <paramref name="expected"/>: what should stand there.</returns>
    public static object? Parse(string text, Type type, out string expected)
    {
        expected = "";
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(string)) return text;
        if (type == typeof(bool)) return Or(text switch { "true" or "yes" or "on" => true, "false" or "no" or "off" => false, _ => (bool?)null }, "true or false", out expected);
        if (type == typeof(int)) return Or(int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var i) ? i : (int?)null, "a whole number", out expected);
        if (type == typeof(long)) return Or(long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var l) ? l : (long?)null, "a whole number", out expected);
        if (type == typeof(double)) return Or(Number(text), "a number", out expected);
        if (type == typeof(TimeSpan)) return Or(Number(text) is { } seconds && Math.Abs(seconds) < 1e9 ? TimeSpan.FromSeconds(seconds) : null, "a number of seconds", out expected);
        if (type == typeof(TimeOnly)) return Or(TimeOnly.TryParseExact(text, ["H:mm", "HH:mm"], CultureInfo.InvariantCulture, DateTimeStyles.None, out var clock) ? clock : (TimeOnly?)null, "a time of day such as 22:00", out expected);
        if (type == typeof(Uri)) return Or(Uri.TryCreate(text, UriKind.Absolute, out var uri) && text.Contains(':') && !text.StartsWith('/') ? uri : null, "an address such as mqtts://broker:8883", out expected);
        if (type.IsEnum) return Or(EnumNamed(type, text), "one of " + string.Join(", ", Enum.GetNames(type).Select(Kebab)), out expected);
        if (type == typeof(SiteId)) return Or(Identifier.IsValid(text) ? new SiteId(text) : (SiteId?)null, IdentifierForm, out expected);
        if (type == typeof(DeviceId)) return Or(Identifier.IsValid(text) ? new DeviceId(text) : (DeviceId?)null, IdentifierForm, out expected);
        if (type == typeof(CameraId)) return Or(Identifier.IsValid(text) ? new CameraId(text) : (CameraId?)null, IdentifierForm, out expected);
        throw new NotSupportedException($"The configuration cannot hold a {type.Name}; add it to Scalars.");
    }

    /// <summary><c>BudgetMegabytes</c> is written <c>budget-megabytes</c>.</summary>
    public static string Kebab(string name)
    {
        var text = new System.Text.StringBuilder(name.Length + 4);
        for (var i = 0; i < name.Length; i++)
        {
            if (char.IsUpper(name[i]) && i > 0 && (char.IsLower(name[i - 1]) || (i + 1 < name.Length && char.IsLower(name[i + 1])))) text.Append('-');
            text.Append(char.ToLowerInvariant(name[i]));
        }
        return text.ToString();
    }

    private static readonly string IdentifierForm = $"1 to {Identifier.MaxLength} letters, digits, '-', '_' or '.', not starting with '.'";

    private static double? Number(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value) ? value : null;

    private static object? EnumNamed(Type type, string text) =>
        Enum.GetNames(type).FirstOrDefault(name => Kebab(name) == text) is { } found ? Enum.Parse(type, found) : null;

    private static object? Or(object? value, string otherwise, out string expected)
    {
        expected = value is null ? otherwise : "";
        return value;
    }
}
