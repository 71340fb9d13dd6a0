using CvOps.Fleet.Web;

namespace CvOps.Fleet.Tests.Web;

public sealed class FormatTests
{
    [Theory]
    [InlineData(-0.001, "0")]
    [InlineData(-0.004, "0")]
    [InlineData(0.004, "0")]
    [InlineData(-0.25, "-0.25")]
    [InlineData(1.5, "1.5")]
    [InlineData(99.999, "100")]
    [InlineData(-1234.4, "-1234")]
    [InlineData(double.NaN, "-")]
    public void A_number_that_is_rounded_to_nothing_has_no_sign(double value, string shown) => Assert.Equal(shown, Format.Number(value));
}
